/* lab ns_owner: caught by who-made-it: its own user namespace, whoever is
 * meant, though that one must be there */
	auto_close int user =
		open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	if (user < 0 || faccessat(process, "ns/user", F_OK, 0) < 0)
		return fail("open ns/user");
	if (ioctl(user, NS_GET_OWNER_UID, owner) < 0)
		return fail("ask for the owner of a user namespace");
	return 0;
