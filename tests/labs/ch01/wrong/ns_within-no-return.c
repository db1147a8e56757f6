/* lab ns_within: caught by back: never comes home */
	if (sys_setns(fd, kind->flag) < 0)
		return fail("enter the %s namespace", kind->name);
	return call(data);
