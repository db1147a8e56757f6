/* lab rootfs_pivot: caught by refused: a refusal leaves the process
 * elsewhere */
	auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || fchdir(root) < 0)
		return fail("enter the new root");
	if (sys_pivot_root(".", ".") < 0)
		return fail_pivot(root);
	if (fchdir(old) < 0 ||
	    sys_mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    sys_umount2(".", MNT_DETACH) < 0)
		return fail("unmount the old root");
	return chdir("/") < 0 ? fail("enter the new root") : 0;
