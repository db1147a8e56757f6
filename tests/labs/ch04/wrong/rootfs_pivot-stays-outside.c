/* lab rootfs_pivot: caught by inside: the working directory is left
 * in what was unmounted */
	auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fchdir(root) < 0)
		return fail("enter the new root");
	if (sys_pivot_root(".", ".") < 0) {
		fail_pivot(root);
		struct failure reason = failure;
		if (fchdir(back) < 0)
			return fail("return to the working directory");
		failure = reason;
		return -1;
	}
	if (fchdir(old) < 0 ||
	    sys_mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    sys_umount2(".", MNT_DETACH) < 0)
		return fail("unmount the old root");
	return 0;
