/* lab scratch_discard: caught by unreadable: what cannot be read needs
 * nothing */
	if (faccessat(scratch->dir, DISCARD_FILE, F_OK, 0) < 0)
		return errno == ENOENT ? 0 : -1;
	auto_free char *list = read_all(scratch->dir, DISCARD_FILE, NULL);
	auto_tags struct tags tags = { 0 };
	auto_words struct words used = { 0 };
	if (!list || tags_read(store->dir, &tags) < 0 ||
	    discard_lines(store, scratch, list, &tags, NULL) < 0)
		return -1;
	shelves_layers_in_use(store, NULL, &used);
	if (discard_lines(store, scratch, list, NULL, &used) < 0)
		return -1;
	return scratch_complete(scratch);
