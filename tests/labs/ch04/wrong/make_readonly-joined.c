/* lab make_readonly: caught by links: the path is joined as text */
	auto_free char *top = text("/proc/self/fd/%d", root);
	auto_free char *joined = text("%s%s", top, path);
	auto_close int target = open(joined, O_PATH | O_CLOEXEC);
	if (target < 0)
		return errno == ENOENT ? 0 : fail("open %s", path);
	auto_close int mount =
		mountfd_bind(target, target, MS_REC | MS_RDONLY);
	return mount < 0 ? -1 : 0;
