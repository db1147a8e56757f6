/* lab add_list: caught by escapes: the backslashes stay in the names */
	while (list) {
		char *end = list;
		while (*end && *end != ':')
			end += end[0] == '\\' && end[1] ? 2 : 1;
		char *next = *end ? end + 1 : NULL;
		*end = '\0';
		if (*list)
			add_name(layers, copy_text(list));
		list = next;
	}
