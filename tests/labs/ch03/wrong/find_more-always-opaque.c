/* lab find_more: caught by opaque: the mark counts in every branch */
	for (;; at++) {
		const struct layer *last = &found->layers[found->count - 1];
		const struct layer *layer = &dir->layers[at];
		bool is_here = last->branch == layer->branch;
		found->ends = (is_here &&
			       faccessat(last->fd, AUFS_OPAQUE,
					 F_OK, 0) == 0) ||
			      whiteout_is_in(layer, name);
		if (found->ends || at + 1 == dir->layer_count)
			break;
		int fd = openat(dir->layers[at + 1].fd, name,
				O_PATH | O_DIRECTORY | O_NOFOLLOW |
					O_CLOEXEC);
		if (fd >= 0)
			found->layers[found->count++] = (struct layer){
				dir->layers[at + 1].branch, fd
			};
		else if (errno == ENOTDIR)
			found->ends = true;
		else if (errno != ENOENT)
			return -errno;
		if (found->ends)
			break;
	}
	found->ends |= dir->ends;
	return 0;
