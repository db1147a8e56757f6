/* lab ns_owner: caught by descriptors: ns/user stays open */
	int user = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	if (user < 0)
		return fail("open ns/user");
	if (ioctl(user, NS_GET_OWNER_UID, owner) < 0)
		return fail("ask for the owner of a user namespace");
	return 0;
