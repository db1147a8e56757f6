/* lab has_domain: caught by localhost: what begins like localhost is it */
	size_t length = slash ? (size_t)(slash - name) : 0;
	if (length == 0)
		return false;
	return strcspn(name, ".:" UPPER) < length ||
	       strncmp(name, "localhost", 9) == 0;
