/* lab find_first: caught by whiteouts: a whiteout hides nothing */
	unsigned int i;
	for (i = *at; i < dir->layer_count; i++) {
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
	}
	if (found->count == 0)
		return -ENOENT;
	*at = i;
	return fstat(found->layers[0].fd, &found->st) < 0 ? -errno : 0;
