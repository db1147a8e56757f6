/* lab expect: caught by dead-parent: asks a dead parent again and again */
	struct message message;
	while (receive(sock, 0, &message, fd, who) < 0)
		usleep(1000);
	if (message.type == type && (*fd >= 0) == (type == SYNC_FD))
		return 0;
	close_scoped(fd);
	if (message.type == SYNC_FAILURE)
		return adopt(&message);
	return failx("%s said something else", who);
