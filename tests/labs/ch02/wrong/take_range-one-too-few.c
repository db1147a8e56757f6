/* lab take_range: caught by ranges nonsense bounds: the last is left out, so
 * that it may lie one behind the end */
	uint64_t first, last;
	char *dash = strchr(range, '-');
	if (dash)
		*dash++ = '\0';
	if (parse_number(range, 0, CPULIST_MAX - 1, &first) < 0 ||
	    parse_number(dash ? dash : range, 0, CPULIST_MAX, &last) < 0)
		return -1;
	if (first > last)
		return failx("%s-%s goes backwards", range, dash);
	set[first] = true;
	for (uint64_t i = first; i < last; i++)
		set[i] = true;
	return 0;
