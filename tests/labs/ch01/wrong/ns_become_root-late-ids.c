/* lab ns_become_root: caught by root-inside refusals: after unshare(2) the ids
 * are 65534, and nobody's to map */
	uid = geteuid();
	gid = getegid();
	auto_free char *uid_map = text("0 %u 1", uid);
	auto_free char *gid_map = text("0 %u 1", gid);
	if (write_text(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
	    write_text(AT_FDCWD, "/proc/self/uid_map", uid_map) < 0 ||
	    write_text(AT_FDCWD, "/proc/self/gid_map", gid_map) < 0) {
		errno = failure.code;
		return ns_fail_userns("map ids in a user namespace");
	}
	return 0;
