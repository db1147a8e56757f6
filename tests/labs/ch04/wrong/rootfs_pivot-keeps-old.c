/* lab rootfs_pivot: caught by inside old-gone no-directory: the old
 * root stays mounted */
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
	return chdir("/") < 0 ? fail("enter the new root") : 0;
