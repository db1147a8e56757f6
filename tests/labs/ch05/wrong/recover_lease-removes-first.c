/* lab recover_lease: caught by not-undone: the file is removed before it is
 * undone */
	auto_close int fd = openat(leases, name,
				   O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open lease %s", name);
	if (flock_whole(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 1 : fail("lock lease %s", name);
	auto_free char *note = new_bytes(IPAM_NOTE_MAX + 1);
	ssize_t length = pread(fd, note, IPAM_NOTE_MAX, 0);
	if (length < 0)
		return fail("read lease %s", name);
	note[length] = '\0';
	if (unlinkat(leases, name, 0) < 0 && errno != ENOENT)
		return fail("remove lease %s", name);
	if (undo && undo(address, note, data) < 0)
		return wrap("undo what the dead holder of %s left", name);
	return 0;
