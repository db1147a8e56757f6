/* lab refuse_link: caught by others: a file is no link */
	struct stat st;
	auto_close int fd = safepath_open(root, target, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", target);
	if (S_ISLNK(st.st_mode))
		return failx("it is a link");
	return 0;
