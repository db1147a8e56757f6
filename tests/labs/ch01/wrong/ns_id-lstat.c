/* lab ns_id: caught by every-kind: the link's own inode, not the namespace's */
	auto_free char *path = text("/proc/%d/ns/%s", pid, kind->file);
	struct stat st;
	if (lstat(path, &st) < 0)
		return fail("look at %s", path);
	*id = (struct ns_id){ st.st_dev, st.st_ino };
	return 0;
