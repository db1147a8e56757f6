/* lab follow: caught by absolute depth: an absolute link begins where the
 * walk is */
	char *rest = text("%s%s%s", target, walk->has_slash ? "/" : "",
			  *cursor);
	free(walk->rest);
	walk->rest = *cursor = rest;
	if (strlen(rest) >= PATH_BYTES_MAX)
		return fail_with(ENAMETOOLONG);
	return 0;
