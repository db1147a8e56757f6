/* lab ns_within: caught by descriptors: the way home is never closed */
	auto_free char *own = text("/proc/thread-self/ns/%s", kind->file);
	int home = open(own, O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return fail("open %s", own);
	if (sys_setns(fd, kind->flag) < 0)
		return fail("enter the %s namespace", kind->name);
	int result = call(data);
	struct failure inner = failure;
	if (sys_setns(home, kind->flag) < 0)
		abort();
	failure = inner;
	return result;
