/* lab expect: caught by dead-parent: the end of the file is taken for "go on",
 * as in many a program that uses a pipe for this */
	struct message message;
	if (receive(sock, 0, &message, fd, who) < 0)
		return *fd = -1, 0;
	if (message.type == type && (*fd >= 0) == (type == SYNC_FD))
		return 0;
	close_scoped(fd);
	if (message.type == SYNC_FAILURE)
		return adopt(&message);
	return failx("%s said something else", who);
