/* lab ns_owner: caught by who-made-it: the user of the process, not of the
 * namespace */
	auto_close int user = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (user < 0 || fstat(process, &st) < 0)
		return fail("open ns/user");
	*owner = st.st_uid;
	return 0;
