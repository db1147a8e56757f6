/* lab read_stall: caught by other-words: what is not there is a 0 */
	const char *average = strstr(line, "avg10=");
	const char *total = strstr(line, "total=");
	*percent = average ? strtod(average + strlen("avg10="), NULL) : 0;
	*us = total ? strtoull(total + strlen("total="), NULL, 10) : 0;
	return 0;
