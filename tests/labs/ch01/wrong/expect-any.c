/* lab expect: caught by due: whatever comes is taken */
	struct message message;
	if (receive(sock, 0, &message, fd, who) < 0)
		return wrap("wait for \"%s\"", type_name(type));
	if (message.type == SYNC_FAILURE)
		return adopt(&message);
	if ((*fd >= 0) == (type == SYNC_FD))
		return 0;
	close_scoped(fd);
	return failx("%s sent the wrong thing", who);
