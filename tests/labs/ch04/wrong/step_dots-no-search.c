/* lab step_dots: caught by search: what may not be searched is passed
 * through */
	if (walk->name[1] == '.')
		pop(walk);
	return 0;
