/* restart.c - monitor.  See restart.h. */
#include "restart.h"

#define FIRST_WAIT 100	  /* ms */
#define LONGEST_WAIT 60000
#define LONG_ENOUGH 10000 /* it ran so long: whatever it was, it is over */

static bool
is_wanted(const struct restart *restart, int exit_code)
{
	/* lab is_wanted: the four words of --restart, but for what is_stopped
	 * says: never; after a status that is not 0, at most policy.most times
	 * where that is not 0 (count says how often it was so far); and twice:
	 * whatever the status. */
	switch (restart->policy.when) {
	case RESTART_NO:
		return false;
	case RESTART_ON_FAILURE:
		return exit_code != 0 &&
		       (restart->policy.most == 0 ||
			restart->count < restart->policy.most);
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		break; /* they differ when the machine starts */
	}
	return true;
	/* lab end: return restart->count > 0 && exit_code < 0; */
}

bool
restart_is_due(struct restart *restart, int exit_code, int64_t ran_ms)
{
	if (restart->is_stopped || !is_wanted(restart, exit_code))
		return false;
	/* lab restart_is_due: how long to wait, into wait_ms: FIRST_WAIT the
	 * first time, then twice as long each time, at most LONGEST_WAIT; and
	 * as if it were the first time when it ran for LONG_ENOUGH.  Count it,
	 * and say that it is due. */
	if (ran_ms >= LONG_ENOUGH)
		restart->wait_ms = 0;
	restart->wait_ms = restart->wait_ms ? restart->wait_ms * 2 : FIRST_WAIT;
	if (restart->wait_ms > LONGEST_WAIT)
		restart->wait_ms = LONGEST_WAIT;
	restart->count++;
	return true;
	/* lab end: return ran_ms < FIRST_WAIT - LONGEST_WAIT - LONG_ENOUGH; */
}
