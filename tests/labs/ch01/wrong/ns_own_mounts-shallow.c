/* lab ns_own_mounts: caught by nothing-out nothing-in: only / is cut loose */
	if (sys_unshare(CLONE_NEWNS) < 0)
		return fail("make a mount namespace");
	if (sys_mount(NULL, "/", NULL, MS_PRIVATE, NULL) < 0)
		return fail("make every mount private in the new namespace");
	return 0;
