/*
 * runc_oom.h - parent: be told when the kernel kills for want of memory.
 */
#ifndef RUNC_OOM_H
#define RUNC_OOM_H

#include "cgroup.h"

struct oom_watch {
	int fd; /* readable when there may have been one; -1: cannot be told */
	int memory; /* v2: the cgroup's directory, or -1: it is v1's */
	uint64_t seen;
};

/*
 * On v1 by an eventfd on memory.oom_control, on v2 by inotify(7) on
 * memory.events.  Without a memory controller there is nothing to be told,
 * and no failure.
 */
int oom_watch_open(struct oom_watch *watch, const struct cgroup *cgroup);

/* How many there were since; the descriptor is not readable after it. */
uint64_t oom_watch_take(struct oom_watch *watch);

void oom_watch_close(struct oom_watch *watch);

#endif
