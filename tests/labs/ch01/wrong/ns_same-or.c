/* lab ns_same: caught by inode device: one equal number is not enough */
	return a.device == b.device || a.inode == b.inode;
