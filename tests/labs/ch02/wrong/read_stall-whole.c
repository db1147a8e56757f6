/* lab read_stall: caught by numbers: what stands after the dot is lost */
	const char *average = strstr(line, "avg10=");
	const char *total = strstr(line, "total=");
	unsigned int whole;
	if (!average || !total || sscanf(average, "avg10=%u.", &whole) != 1)
		return failx("\"%.60s\" is no line of pressure", line);
	*percent = whole;
	*us = strtoull(total + strlen("total="), NULL, 10);
	return 0;
