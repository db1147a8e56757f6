/*
 * cgroup_stat.h - what a cgroup uses and has used, counted by the kernel, in
 * the same units on v1 and v2: bytes, microseconds, numbers.
 */
#ifndef CGROUP_STAT_H
#define CGROUP_STAT_H

#include "cgroup.h"

/* What the kernel does not tell is CGROUP_NONE. */
struct cgroup_usage {
	uint64_t memory;	/* bytes, now, with all below it */
	uint64_t memory_peak;	/* the most there was (v2: Linux 5.19) */
	uint64_t memory_limit;	/* as the kernel rounded it, or CGROUP_NONE */
	uint64_t memory_anon;	/* of `memory`: what belongs to no file */
	uint64_t memory_cache;	/* of `memory`: pages of files */
	uint64_t memory_swap;	/* bytes swapped out */
	uint64_t memory_stops;	/* how often the limit was met */
	uint64_t oom_kills;	/* processes killed for want of memory */
	uint64_t cpu_us;	/* CPU time used, user and system */
	uint64_t cpu_user_us;
	uint64_t cpu_system_us;
	uint64_t cpu_quota_us;	/* of every period, or CGROUP_NONE */
	uint64_t cpu_period_us;
	uint64_t cpu_periods;	/* that had something to run in them */
	uint64_t cpu_throttled; /* of those, where the quota was used up */
	uint64_t cpu_throttled_us; /* spent waiting for the next period */
	uint64_t pids;		/* processes and threads, now */
	uint64_t pids_limit;	/* or CGROUP_NONE */
	uint64_t pids_refused;	/* forks that failed at a limit */
};

/* Read everything; fails when nothing at all can be read. */
int cgroup_read_usage(const struct cgroup *cg, struct cgroup_usage *usage);

/* What went to and from one disk. */
struct cgroup_io {
	unsigned int major, minor;
	uint64_t read_bytes, write_bytes;
	uint64_t reads, writes; /* operations */
};

/*
 * One element for each disk that was used; `*all` is freed by the caller.  v1
 * counts on a disk only from the first blkio.throttle limit that anybody sets
 * on it (since Linux 6.10; before, always).
 */
int cgroup_read_io(const struct cgroup *cg, struct cgroup_io **all,
		   size_t *count);

/*
 * PSI, pressure stall information: how much of the time somebody here (some),
 * or everybody (full), had to wait for it.
 */
struct cgroup_pressure {
	double some_percent; /* of the last 10 seconds */
	double full_percent;
	uint64_t some_us; /* in all */
	uint64_t full_us;
};

/* Of "cpu", "memory" or "io".  Only v2 directories have it, also where the
 * controllers are on v1; Linux 4.20, and CONFIG_PSI. */
int cgroup_read_pressure(const struct cgroup *cg, const char *resource,
			 struct cgroup_pressure *pressure);

/*
 * The number in a file of the cgroup directory `dir`; with a `key`, that in
 * its line "key number", or of a file of such lines.  "max" and what v1 shows
 * in its place are CGROUP_NONE.
 */
int cgroup_read_number(int dir, const char *file, const char *key,
		       uint64_t *value);

#endif
