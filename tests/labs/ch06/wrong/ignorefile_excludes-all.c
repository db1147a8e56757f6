/* lab ignorefile_excludes: caught by context: all may be left out */
	for (size_t i = ignore->count; i > 0; i--) {
		bool is_open;
		if (matches(&ignore->patterns[i - 1], path, &is_open))
			return !ignore->patterns[i - 1].is_allowed;
	}
	return false;
