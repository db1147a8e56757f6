/* lab read_stall: caught by numbers: a total does not fit into 32 bits */
	const char *average = strstr(line, "avg10=");
	const char *total = strstr(line, "total=");
	unsigned int whole, hundredths;
	if (!average || !total ||
	    sscanf(average, "avg10=%u.%2u", &whole, &hundredths) != 2)
		return failx("\"%.60s\" is no line of pressure", line);
	*percent = whole + hundredths / 100.0;
	*us = (unsigned int)strtoull(total + strlen("total="), NULL, 10);
	return 0;
