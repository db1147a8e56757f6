/* lab ipam_parse_address: caught by nonsense zeros: sscanf() takes blanks
 * and zeros, too */
	unsigned int a, b, c, d;
	char more;
	if (sscanf(string, "%u.%u.%u.%u%c", &a, &b, &c, &d, &more) != 4 ||
	    a > 255 || b > 255 || c > 255 || d > 255)
		return failx("\"%s\" is no address", string);
	*address = a << 24 | b << 16 | c << 8 | d;
	return 0;
