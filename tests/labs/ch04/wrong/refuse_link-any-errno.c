/* lab refuse_link: caught by others: whatever cannot be opened is not
 * there */
	struct stat st;
	auto_close int fd = safepath_open(root, target, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", target);
	if (!S_ISDIR(st.st_mode))
		return failx("it is not a directory");
	return 0;
