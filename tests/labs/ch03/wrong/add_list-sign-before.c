/* lab add_list: caught by escapes: a backslash that is itself escaped escapes
 * no colon */
	for (char *name = list; *name;) {
		char *end = name;
		while (*end && (*end != ':' || (end > name && end[-1] == '\\')))
			end++;
		char *next = *end ? end + 1 : end;
		*end = '\0';
		if (*name)
			add_name(layers, unescaped(name));
		name = next;
	}
