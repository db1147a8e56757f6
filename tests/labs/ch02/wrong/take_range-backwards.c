/* lab take_range: caught by nonsense: a range that goes backwards is empty */
	uint64_t first, last;
	char *dash = strchr(range, '-');
	if (dash)
		*dash++ = '\0';
	if (parse_number(range, 0, CPULIST_MAX - 1, &first) < 0 ||
	    parse_number(dash ? dash : range, 0, CPULIST_MAX - 1, &last) < 0)
		return -1;
	for (uint64_t i = first; i <= last; i++)
		set[i] = true;
	return 0;
