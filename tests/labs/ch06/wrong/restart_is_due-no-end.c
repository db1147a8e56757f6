/* lab restart_is_due: caught by longest: it waits for days at last */
	if (ran_ms >= LONG_ENOUGH)
		restart->wait_ms = 0;
	restart->wait_ms = restart->wait_ms ? restart->wait_ms * 2 : FIRST_WAIT;
	if (restart->wait_ms > (int64_t)LONGEST_WAIT << 20)
		restart->wait_ms = (int64_t)LONGEST_WAIT << 20;
	restart->count++;
	return true;
