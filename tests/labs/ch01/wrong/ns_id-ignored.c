/* lab ns_id: caught by nobody-there: nobody hears that stat(2) failed */
	auto_free char *path = text("/proc/%d/ns/%s", pid, kind->file);
	struct stat st = { 0 };
	stat(path, &st);
	*id = (struct ns_id){ st.st_dev, st.st_ino };
	return 0;
