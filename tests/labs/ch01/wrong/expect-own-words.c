/* lab expect: caught by failure: the other side's reason is thrown away */
	struct message message;
	if (receive(sock, 0, &message, fd, who) < 0)
		return wrap("wait for \"%s\"", type_name(type));
	if (message.type == type && (*fd >= 0) == (type == SYNC_FD))
		return 0;
	close_scoped(fd);
	if (message.type == SYNC_FAILURE)
		return adopt(&message), failx("%s failed", who);
	return failx("%s said something else", who);
