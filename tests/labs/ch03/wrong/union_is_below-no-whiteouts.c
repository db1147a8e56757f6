/* lab union_is_below: caught by whiteouts: a whiteout hides nothing */
	struct stat st;
	for (unsigned int i = 0; i < dir->layer_count; i++) {
		const struct layer *layer = &dir->layers[i];
		if (layer->branch->index <= above->index)
			continue;
		if (fstatat(layer->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
