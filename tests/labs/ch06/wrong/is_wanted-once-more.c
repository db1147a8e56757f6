/* lab is_wanted: caught by most: one time more than was said */
	if (restart->policy.when == RESTART_NO)
		return false;
	if (restart->policy.when == RESTART_ON_FAILURE)
		return exit_code != 0 &&
		       (restart->policy.most == 0 ||
			restart->count <= restart->policy.most);
	return true;
