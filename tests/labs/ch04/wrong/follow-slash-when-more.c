/* lab follow: caught by slash: a slash at the end is lost */
	if (*target == '/')
		while (walk->depth)
			pop(walk);
	char *rest = text("%s%s%s", target, **cursor ? "/" : "", *cursor);
	free(walk->rest);
	walk->rest = *cursor = rest;
	if (strlen(rest) >= PATH_BYTES_MAX)
		return fail_with(ENAMETOOLONG);
	return 0;
