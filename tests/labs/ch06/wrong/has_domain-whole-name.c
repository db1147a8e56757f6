/* lab has_domain: caught by host none: a dot anywhere in the name will do */
	return strpbrk(name, ".:" UPPER) ||
	       (slash && slash - name == 9 &&
		strncmp(name, "localhost", 9) == 0);
