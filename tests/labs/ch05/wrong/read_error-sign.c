/* lab read_error: caught by code words: the sign of the error is left as it
 * is */
	size_t length = mnl_nlmsg_get_payload_len(message);
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	if (length < sizeof(*error))
		return failx("the answer makes no sense: an error message of "
			     "%zu bytes", length);
	if (error->error == 0)
		return 1;
	size_t echoed = sizeof(error->msg);
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		echoed = MNL_ALIGN((size_t)error->msg.nlmsg_len);
	return fail_refused(error->error,
			    error_text(message, sizeof(int) + echoed));
