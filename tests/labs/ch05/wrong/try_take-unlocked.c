/* lab try_take: caught by held: it is not locked */
	char name[IPAM_ADDRESS6_SIZE];
	name_lease(lease, name);
	auto_close int fd = openat(leases, name,
				   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
					   O_NOFOLLOW,
				   0600);
	if (fd < 0)
		return errno == EEXIST ? 1 : fail("make lease %s", name);
	(void)flock_whole;
	lease->fd = take_fd(&fd);
	return 0;
