/*
 * nibble.h - a load that eats memory as it is told, 1 MiB after the other, so
 * that an experiment can look at the counters in between.
 */
#ifndef NIBBLE_H
#define NIBBLE_H

#include "cgroup_stat.h"
#include "load.h"

/* For load_start(): may eat `amount` bytes in all, and waits to be told. */
load_work nibble;

/* Have it eat `amount` bytes more, in whole MiB.  Returns how much it did eat:
 * less when it was killed. */
uint64_t nibble_more(struct load *nibbler, uint64_t amount);

/* When it has eaten all it may, or was killed: let it end, show how it ended,
 * which is `*status` (0, or nibble_was_killed()). */
int nibble_end(struct load *nibbler, const char *what, int *status);
bool nibble_was_killed(int status);

/* A nibbler in this cgroup, until it is killed or has eaten all; shows and
 * returns what was used when that was most, its wait status and (in `most`)
 * the OOM kills in the end. */
int nibble_all(const struct cgroup *cg, uint64_t amount,
	       struct cgroup_usage *most, int *status);

#endif
