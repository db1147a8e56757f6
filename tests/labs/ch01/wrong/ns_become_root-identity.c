/* lab ns_become_root: caught by root-inside: each id is itself */
	auto_free char *uid_map = text("%u %u 1", uid, uid);
	auto_free char *gid_map = text("%u %u 1", gid, gid);
	if (write_text(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
	    write_text(AT_FDCWD, "/proc/self/uid_map", uid_map) < 0 ||
	    write_text(AT_FDCWD, "/proc/self/gid_map", gid_map) < 0) {
		errno = failure.code;
		return ns_fail_userns("map ids in a user namespace");
	}
	return 0;
