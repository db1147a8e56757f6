/* lab read_error: caught by words: an echo is expected where there is none */
	size_t length = mnl_nlmsg_get_payload_len(message);
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	if (length < sizeof(*error))
		return failx("the answer makes no sense: an error message of "
			     "%zu bytes", length);
	if (error->error == 0)
		return 1;
	size_t echoed = MNL_ALIGN((size_t)error->msg.nlmsg_len);
	return fail_refused(-error->error,
			    error_text(message, sizeof(int) + echoed));
