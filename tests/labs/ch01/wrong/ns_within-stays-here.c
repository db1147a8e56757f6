/* lab ns_within: caught by there no-entry: the call is made at home */
	if (fd < 0 || !kind->flag)
		return failx("no such namespace");
	return call(data);
