/* lab refuse_link: caught by links: the link is followed, and a
 * directory is found */
	struct stat st;
	auto_close int fd = safepath_open(root, target, O_PATH);
	if (fd < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", target);
	if (!S_ISDIR(st.st_mode))
		return failx("it is not a directory");
	return 0;
