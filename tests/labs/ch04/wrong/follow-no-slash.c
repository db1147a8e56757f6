/* lab follow: caught by slash relative depth: the slash between is
 * lost */
	if (*target == '/')
		while (walk->depth)
			pop(walk);
	char *rest = text("%s%s", target, *cursor);
	free(walk->rest);
	walk->rest = *cursor = rest;
	if (strlen(rest) >= PATH_BYTES_MAX)
		return fail_with(ENAMETOOLONG);
	return 0;
