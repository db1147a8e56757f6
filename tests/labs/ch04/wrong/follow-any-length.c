/* lab follow: caught by too-long: no path is too long */
	if (*target == '/')
		while (walk->depth)
			pop(walk);
	char *rest = text("%s%s%s", target, walk->has_slash ? "/" : "",
			  *cursor);
	free(walk->rest);
	walk->rest = *cursor = rest;
	return 0;
