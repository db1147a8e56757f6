/* lab protocol_receive: caught by died: what it said at last is not heard */
	ssize_t got = receive(sock, message, flags, fd);
	if (got < 0)
		return -1;
	if (got < (ssize_t)HEAD || got > (ssize_t)sizeof(*message)) {
		errno = got == 0 ? ECONNRESET : EPROTO;
		return -1;
	}
	return got - HEAD;
