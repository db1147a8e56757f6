/* lab copy_rest: caught by link: a link's mode is set, which it has not */
	struct timespec times[] = { st->st_atim, st->st_mtim };
	struct fd_path source = fd_path(from), target = fd_path(to);
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0)
		return -errno;
	int result = copy_attributes(source.text, target.text);
	if (result < 0)
		return result;
	if (chmod(target.text, st->st_mode & 07777) < 0)
		return -errno;
	if (utimensat(AT_FDCWD, target.text, times, 0) < 0)
		return -errno;
	return 0;
