/* host.h - what an experiment must leave as it was. */
#ifndef HOST_H
#define HOST_H

#include "base.h"

/* Where this process is, and what limits it. */
struct host {
	char *cgroups; /* /proc/self/cgroup, but for mere names */
	uint64_t memory;
	uint64_t pids;
	char *handed_down; /* by the base of v2 */
};

/* Look, and give back what the look holds. */
int host_look(struct host *host);
void host_forget(struct host *host);

/* Is a controller handed down now that was not so before? */
bool host_hands_down_more(const struct host *now, const struct host *before);

/* 0, or tour_skip()'s value where an OOM kill in a cgroup is a panic of the
 * whole machine. */
int host_survives_oom_or_skip(void);

#endif
