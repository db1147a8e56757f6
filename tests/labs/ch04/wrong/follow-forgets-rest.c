/* lab follow: caught by relative absolute depth too-long: what came after
 * the link is lost */
	if (*target == '/')
		while (walk->depth)
			pop(walk);
	char *rest = text("%s%s", target, walk->has_slash ? "/" : "");
	free(walk->rest);
	walk->rest = *cursor = rest;
	if (strlen(rest) >= PATH_BYTES_MAX)
		return fail_with(ENAMETOOLONG);
	return 0;
