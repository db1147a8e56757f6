/*
 * spin.h - how much CPU time a cgroup gets of what it wants, by the kernel's
 * own count.
 *
 * A busy machine can take time away from what is measured, but never add to
 * it.  So what came out as less than expected is measured again; what came
 * out as more is not.
 */
#ifndef SPIN_H
#define SPIN_H

#include "cgroup.h"

/*
 * Give the cgroups of this run, together, the greatest weight there is.  What
 * then keeps one of them from more is what was set in it and nothing else, on
 * a busy machine, too.  `cg` is any of them; it must have the cpu controller.
 */
int spin_outweigh_others(const struct cgroup *cg);

struct spin {
	int spinners;	 /* processes, each of which wants a whole CPU */
	bool has_quota;	 /* that they use up in every period */
	long us;	 /* for how long, at least */
	double at_least; /* per cent of one CPU: less is measured again */
};

/* What was counted, and what the clock said. */
struct spin_time {
	uint64_t passed_us;
	uint64_t used_us;
	uint64_t periods;
	uint64_t throttled; /* periods in which the quota was used up */
	uint64_t throttled_us;
	double percent; /* used of passed: 200 for two whole CPUs */
};

/* Let them spin in the cgroup; shows what was counted. */
int spin_measure(const struct cgroup *cg, const struct spin *spin,
		 struct spin_time *time);

#endif
