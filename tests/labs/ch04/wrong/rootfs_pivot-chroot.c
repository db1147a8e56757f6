/* lab rootfs_pivot: caught by old-gone refused no-directory: it is a chroot,
 * and nothing else */
	(void)fail_pivot;
	if (fchdir(root) < 0 || sys_chroot(".") < 0)
		return fail("enter the new root");
	return chdir("/") < 0 ? fail("enter the new root") : 0;
