/* lab try_take: caught by crowd: whether it is there is asked first */
	char name[IPAM_ADDRESS6_SIZE];
	name_lease(lease, name);
	struct stat st;
	if (fstatat(leases, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	usleep(2000);
	auto_close int fd = openat(leases, name,
				   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
				   0600);
	if (fd < 0)
		return errno == EEXIST ? 1 : fail("make lease %s", name);
	/* Dying here leaves an unlocked, empty lease: nothing to undo. */
	if (flock_whole(fd, LOCK_EX | LOCK_NB) < 0) {
		fail("lock lease %s", name);
		unlinkat(leases, name, 0);
		return -1;
	}
	lease->fd = take_fd(&fd);
	return 0;
