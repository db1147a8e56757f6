/* lab ignorefile_excludes: caught by last: what is taken in once stays in */
	bool is_out = false;
	if (strcmp(path, ".") == 0)
		return false;
	for (size_t i = 0; i < ignore->count; i++) {
		bool is_open;
		if (!matches(&ignore->patterns[i], path, &is_open))
			continue;
		if (ignore->patterns[i].is_allowed)
			return false;
		is_out = true;
	}
	return is_out;
