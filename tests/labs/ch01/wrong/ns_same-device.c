/* lab ns_same: caught by inode: all namespaces are on one device */
	return a.device == b.device;
