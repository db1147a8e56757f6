/* lab ignorefile_excludes: caught by last above: the first that fits decides */
	if (strcmp(path, ".") == 0)
		return false;
	for (size_t i = 0; i < ignore->count; i++) {
		bool is_open;
		if (matches(&ignore->patterns[i], path, &is_open))
			return !ignore->patterns[i].is_allowed;
	}
	return false;
