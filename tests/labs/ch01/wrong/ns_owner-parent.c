/* lab ns_owner: caught by who-made-it: the owner of the namespace above */
	auto_close int user = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	if (user < 0)
		return fail("open ns/user");
	auto_close int above = ioctl(user, NS_GET_PARENT);
	if (ioctl(above < 0 ? user : above, NS_GET_OWNER_UID, owner) < 0)
		return fail("ask for the owner of a user namespace");
	return 0;
