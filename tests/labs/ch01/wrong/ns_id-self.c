/* lab ns_id: caught by every-kind: this process is looked at, whoever is meant,
 * though that one must be there */
	auto_free char *path = text("/proc/self/ns/%s", kind->file);
	auto_free char *process = text("/proc/%d", pid);
	struct stat st;
	if (stat(process, &st) < 0 || stat(path, &st) < 0)
		return fail("look at %s", process);
	*id = (struct ns_id){ st.st_dev, st.st_ino };
	return 0;
