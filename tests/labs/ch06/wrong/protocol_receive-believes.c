/* lab protocol_receive: caught by none: the length that the kernel says is
 * taken for what is in the buffer */
	ssize_t got = receive(sock, message, flags, fd);
	if (got < 0 && errno == ECONNRESET)
		got = receive(sock, message, flags, fd);
	if (got < 0)
		return -1;
	if (got < (ssize_t)HEAD) {
		errno = got == 0 ? ECONNRESET : EPROTO;
		return -1;
	}
	return got - HEAD;
