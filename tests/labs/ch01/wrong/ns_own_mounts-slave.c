/* lab ns_own_mounts: caught by nothing-in: a slave still receives */
	if (sys_unshare(CLONE_NEWNS) < 0)
		return fail("make a mount namespace");
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail("make every mount a slave in the new namespace");
	return 0;
