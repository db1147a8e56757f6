/* lab ns_within: caught by no-entry: acts in the wrong namespace */
	auto_free char *own = text("/proc/thread-self/ns/%s", kind->file);
	auto_close int home = open(own, O_RDONLY | O_CLOEXEC);
	sys_setns(fd, kind->flag);
	int result = call(data);
	struct failure inner = failure;
	if (home < 0 || sys_setns(home, kind->flag) < 0)
		abort();
	failure = inner;
	return result;
