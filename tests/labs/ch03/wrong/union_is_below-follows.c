/* lab union_is_below: caught by links: a link that leads nowhere is nothing */
	struct stat st;
	for (unsigned int i = 0; i < dir->layer_count; i++) {
		const struct layer *layer = &dir->layers[i];
		if (layer->branch->index <= above->index)
			continue;
		if (fstatat(layer->fd, name, &st, 0) == 0)
			return true;
		if (whiteout_is_in(layer, name))
			return false;
	}
	return false;
