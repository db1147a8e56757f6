/* lab ipam_parse_address: caught by numbers: the first number is the lowest
 * byte */
	uint32_t value = 0;
	const char *c = string;
	for (int part = 0; part < 4; part++) {
		uint32_t number = 0;
		const char *start = c;
		while (*c >= '0' && *c <= '9' && c - start < 3)
			number = number * 10 + (*c++ - '0');
		/* "010" is 8 to some programs and 10 to others. */
		bool ambiguous = *start == '0' && c - start > 1;
		if (c == start || number > 255 || ambiguous ||
		    *c != (part < 3 ? '.' : '\0'))
			return failx("\"%s\" is not an IPv4 address like "
				     "172.29.0.2", string);
		value |= number << 8 * part;
		c++;
	}
	*address = value;
	return 0;
