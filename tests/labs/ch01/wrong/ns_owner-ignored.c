/* lab ns_owner: caught by nobody-there: nobody hears that it failed */
	auto_close int user = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	*owner = 0;
	ioctl(user, NS_GET_OWNER_UID, owner);
	return 0;
