/* lab try_take: caught by taken crowd: an address that somebody has is a
 * failure */
	char name[IPAM_ADDRESS6_SIZE];
	name_lease(lease, name);
	auto_close int fd = openat(leases, name,
				   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
					   O_NOFOLLOW,
				   0600);
	if (fd < 0)
		return fail("make lease %s", name);
	/* Dying here leaves an unlocked, empty lease: nothing to undo. */
	if (flock_whole(fd, LOCK_EX | LOCK_NB) < 0) {
		fail("lock lease %s", name);
		unlinkat(leases, name, 0);
		return -1;
	}
	lease->fd = take_fd(&fd);
	return 0;
