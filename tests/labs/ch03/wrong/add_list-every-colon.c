/* lab add_list: caught by escapes: a colon with a backslash before it is cut
 * at, too */
	char *name;
	while ((name = strsep(&list, ":")))
		if (*name)
			add_name(layers, unescaped(name));
