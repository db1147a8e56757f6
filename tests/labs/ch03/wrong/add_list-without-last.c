/* lab add_list: caught by order escapes: what no colon follows is forgotten */
	while (list) {
		char *end = list;
		while (*end && *end != ':')
			end += end[0] == '\\' && end[1] ? 2 : 1;
		char *next = *end ? end + 1 : NULL;
		*end = '\0';
		if (*list && next)
			add_name(layers, unescaped(list));
		list = next;
	}
