/* lab ns_map_root: caught by refusals: nobody hears that a write failed */
	auto_free char *process = text("/proc/%d", pid);
	auto_close int dir = open(process, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", process);
	auto_free char *uid_map = text("0 %u 1", uid);
	auto_free char *gid_map = text("0 %u 1", gid);
	write_text(dir, "setgroups", "deny");
	write_text(dir, "uid_map", uid_map);
	write_text(dir, "gid_map", gid_map);
	return 0;
