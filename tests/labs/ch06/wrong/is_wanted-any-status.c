/* lab is_wanted: caught by failure: a container that did its work is started
 * again */
	if (restart->policy.when == RESTART_NO)
		return false;
	if (restart->policy.when == RESTART_ON_FAILURE)
		return exit_code >= 0 &&
		       (restart->policy.most == 0 ||
			restart->count < restart->policy.most);
	return true;
