/* lab expect: caught by descriptors: one that nobody asked for stays open */
	struct message message;
	if (receive(sock, 0, &message, fd, who) < 0)
		return wrap("wait for \"%s\"", type_name(type));
	if (message.type == type && (*fd >= 0) == (type == SYNC_FD))
		return 0;
	*fd = -1;
	if (message.type == SYNC_FAILURE)
		return adopt(&message);
	return failx("%s said something else", who);
