/* lab ns_map_root: caught by one-id setgroups refusals descriptors: without
 * "deny" in setgroups the kernel refuses an ordinary user's gid_map */
	auto_free char *process = text("/proc/%d", pid);
	auto_close int dir = open(process, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", process);
	auto_free char *uid_map = text("0 %u 1", uid);
	auto_free char *gid_map = text("0 %u 1", gid);
	if (write_text(dir, "uid_map", uid_map) < 0 ||
	    write_text(dir, "gid_map", gid_map) < 0)
		return wrap("map ids of process %d", pid);
	return 0;
