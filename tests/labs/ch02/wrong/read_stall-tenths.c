/* lab read_stall: caught by numbers: .05 is read as a half */
	const char *average = strstr(line, "avg10=");
	const char *total = strstr(line, "total=");
	unsigned int whole, fraction;
	if (!average || !total ||
	    sscanf(average, "avg10=%u.%u", &whole, &fraction) != 2)
		return failx("\"%.60s\" is no line of pressure", line);
	*percent = whole + fraction / (fraction < 10 ? 10.0 : 100.0);
	*us = strtoull(total + strlen("total="), NULL, 10);
	return 0;
