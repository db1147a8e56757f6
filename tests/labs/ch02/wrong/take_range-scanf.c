/* lab take_range: caught by nonsense bounds: sscanf(3) stops where it likes,
 * and does not mind when a number is too large */
	unsigned int first, last;
	int count = sscanf(range, "%u-%u", &first, &last);
	if (count < 1)
		return failx("\"%s\" is no number", range);
	if (count < 2)
		last = first;
	if (first > last || last >= CPULIST_MAX)
		return failx("\"%s\" is no range", range);
	for (unsigned int i = first; i <= last; i++)
		set[i] = true;
	return 0;
