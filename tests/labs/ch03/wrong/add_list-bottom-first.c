/* lab add_list: caught by order escapes: each name is put before those that
 * were there */
	while (list) {
		char *end = list;
		while (*end && *end != ':')
			end += end[0] == '\\' && end[1] ? 2 : 1;
		char *next = *end ? end + 1 : NULL;
		*end = '\0';
		if (*list) {
			add_name(layers, NULL);
			memmove(layers->names + 1, layers->names,
				(layers->count - 1) * sizeof(char *));
			layers->names[0] = unescaped(list);
		}
		list = next;
	}
