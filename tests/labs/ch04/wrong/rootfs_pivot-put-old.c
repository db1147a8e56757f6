/* lab rootfs_pivot: caught by no-directory: a directory is made in the
 * image for it */
	auto_close int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fchdir(root) < 0 || (mkdir("old", 0700) < 0 && errno != EEXIST))
		return fail("enter the new root");
	if (sys_pivot_root(".", "old") < 0) {
		fail_pivot(root);
		struct failure reason = failure;
		if (rmdir("old") < 0 || fchdir(back) < 0)
			return fail("return to the working directory");
		failure = reason;
		return -1;
	}
	if (chdir("/") < 0 ||
	    sys_mount(NULL, "/old", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    sys_umount2("/old", MNT_DETACH) < 0 || rmdir("/old") < 0)
		return fail("unmount the old root");
	return 0;
