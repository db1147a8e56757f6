/* lab make_path: caught by descriptors: each level stays open */
	auto_close int above = open(dir->in.base, SUBTREE_OPEN);
	if (above < 0)
		return fail("open %s", dir->in.base);
	auto_free char *above_path = copy_text(dir->in.base);
	auto_free char *parts = copy_text(name);
	for (char *part = parts, *next; part; part = next) {
		next = strchr(part, '/');
		if (next)
			*next++ = '\0';
		auto_close int below = make_or_enter(above, above_path, part,
						     !next);
		if (below < 0)
			return -1;
		if (!next)
			dir->fd = fcntl(below, F_DUPFD_CLOEXEC, 3);
		if (prepare(dir, above, above_path, below, part == parts) < 0)
			return -1;
		above = take_fd(&below);
		char *path = text("%s/%s", above_path, part);
		free(above_path);
		above_path = path;
	}
	return dir->fd < 0 ? fail("keep the directory open") : 0;
