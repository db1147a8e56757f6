/* lab ns_own_mounts: caught by nothing-out nothing-in: a copy of the table,
 * whose mounts are still the peers of the originals */
	if (sys_unshare(CLONE_NEWNS) < 0)
		return fail("make a mount namespace");
	return 0;
