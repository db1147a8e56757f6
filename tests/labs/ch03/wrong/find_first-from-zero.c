/* lab find_first: caught by topmost: begins at the top, whatever is known */
	unsigned int i;
	for (i = 0; i < dir->layer_count; i++) {
		const struct layer *layer = &dir->layers[i];
		int fd = openat(layer->fd, name,
				O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			found->layers[found->count++] =
				(struct layer){ layer->branch, fd };
			break;
		}
		if (errno != ENOENT)
			return -errno;
		if (whiteout_is_in(layer, name))
			return -ENOENT;
	}
	if (found->count == 0)
		return -ENOENT;
	*at = i;
	return fstat(found->layers[0].fd, &found->st) < 0 ? -errno : 0;
