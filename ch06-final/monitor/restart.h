/*
 * restart.h - shall a container that has ended run again, and when?  Docker's
 * rules (--restart), without a clock or a process: plain data in, plain data
 * out.
 */
#ifndef RESTART_H
#define RESTART_H

#include "restart_policy.h"

struct restart {
	struct restart_policy policy;
	bool is_stopped;   /* the user has it so: never again */
	unsigned int count; /* how often it was restarted */
	int64_t wait_ms;    /* before the next time; 0: there was none yet */
};

/*
 * It ended with this status after so long.  True: start it again in wait_ms,
 * which is 100 ms first and twice as long each time, up to a minute, and
 * begins anew when the container ran for ten seconds.
 */
bool restart_is_due(struct restart *restart, int exit_code, int64_t ran_ms);

#endif
