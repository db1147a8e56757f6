/* lab ns_same: caught by device: two devices may both have this inode */
	return a.inode == b.inode;
