/* lab ns_within: caught by back: does not come home when the call failed */
	auto_free char *own = text("/proc/thread-self/ns/%s", kind->file);
	auto_close int home = open(own, O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return fail("open %s", own);
	if (sys_setns(fd, kind->flag) < 0)
		return fail("enter the %s namespace", kind->name);
	int result = call(data);
	if (result < 0)
		return wrap("in the %s namespace", kind->name);
	if (sys_setns(home, kind->flag) < 0)
		abort();
	return result;
