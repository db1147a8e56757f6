/* lab restart_is_due: caught by anew: what happened a year ago makes it wait
 * today */
	(void)LONG_ENOUGH;
	(void)ran_ms;
	restart->wait_ms = restart->wait_ms ? restart->wait_ms * 2 : FIRST_WAIT;
	if (restart->wait_ms > LONGEST_WAIT)
		restart->wait_ms = LONGEST_WAIT;
	restart->count++;
	return true;
