/* lab follow: caught by relative depth: every link begins at the root */
	while (walk->depth)
		pop(walk);
	char *rest = text("%s%s%s", target, walk->has_slash ? "/" : "",
			  *cursor);
	free(walk->rest);
	walk->rest = *cursor = rest;
	if (strlen(rest) >= PATH_BYTES_MAX)
		return fail_with(ENAMETOOLONG);
	return 0;
