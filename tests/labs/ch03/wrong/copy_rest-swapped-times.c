/* lab copy_rest: caught by times link: when it was changed is given for when it
 * was read */
	struct timespec times[] = { st->st_mtim, st->st_atim };
	struct fd_path source = fd_path(from), target = fd_path(to);
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0)
		return -errno;
	int result = copy_attributes(source.text, target.text);
	if (result < 0)
		return result;
	if (!S_ISLNK(st->st_mode) &&
	    chmod(target.text, st->st_mode & 07777) < 0)
		return -errno;
	if (utimensat(AT_FDCWD, target.text, times, 0) < 0)
		return -errno;
	return 0;
