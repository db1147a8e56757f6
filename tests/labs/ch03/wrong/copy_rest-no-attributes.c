/* lab copy_rest: caught by attributes: the attributes are forgotten */
	struct timespec times[] = { st->st_atim, st->st_mtim };
	struct fd_path source = fd_path(from), target = fd_path(to);
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0)
		return -errno;
	(void)copy_attributes;
	(void)source;
	if (!S_ISLNK(st->st_mode) &&
	    chmod(target.text, st->st_mode & 07777) < 0)
		return -errno;
	if (utimensat(AT_FDCWD, target.text, times, 0) < 0)
		return -errno;
	return 0;
