/* lab read_error: caught by short: what lies behind the datagram is believed */
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	if (error->error == 0)
		return 1;
	size_t echoed = sizeof(error->msg);
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		echoed = MNL_ALIGN((size_t)error->msg.nlmsg_len);
	return fail_refused(-error->error,
			    error_text(message, sizeof(int) + echoed));
