/* lab ipam_parse_address: caught by zeros: a number may begin with a zero */
	uint32_t value = 0;
	const char *c = string;
	for (int part = 0; part < 4; part++) {
		uint32_t number = 0;
		const char *start = c;
		while (*c >= '0' && *c <= '9' && c - start < 3)
			number = number * 10 + (*c++ - '0');
		if (c == start || number > 255 ||
		    *c != (part < 3 ? '.' : '\0'))
			return failx("\"%s\" is not an IPv4 address like "
				     "172.29.0.2", string);
		value = value << 8 | number;
		c++;
	}
	*address = value;
	return 0;
