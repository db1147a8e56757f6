/* lab ns_become_root: caught by refusals: nobody hears that a write failed */
	auto_free char *uid_map = text("0 %u 1", uid);
	auto_free char *gid_map = text("0 %u 1", gid);
	write_text(AT_FDCWD, "/proc/self/setgroups", "deny");
	write_text(AT_FDCWD, "/proc/self/uid_map", uid_map);
	write_text(AT_FDCWD, "/proc/self/gid_map", gid_map);
	return 0;
