/*
 * watched.h - a cgroup that is looked at again and again, and what it did from
 * one look to the next.
 *
 * The kernel counts; a rate is the difference of two counts over the time
 * between them, and there is no other way to know it.
 */
#ifndef WATCHED_H
#define WATCHED_H

#include "cgroup_stat.h"

struct sample {
	uint64_t us; /* when: clock_us() */
	struct cgroup_usage usage;
	uint64_t disk_bytes; /* to and from all disks, or CGROUP_NONE */
};

struct watched {
	struct cgroup cg;
	int depth; /* below the first that is watched */
	struct sample *samples;
	size_t count;
};

/* Watch the cgroup of this name; it may go while we do. */
int watched_open(struct watched *watched, const char *name, int depth);
void watched_close(struct watched *watched);

/* Look at it.  -1: it is gone. */
int watched_look(struct watched *watched);
/* Keep only the last two looks. */
void watched_forget(struct watched *watched);

/* "7f3a" of "mydocker/7f3a". */
const char *watched_label(const struct watched *watched);

/*
 * At look `i`, or since the look before it: CPU time in per cent of one CPU,
 * MiB, kB a second, processes and threads.  NAN: the kernel does not tell.
 */
enum watched_kind {
	WATCHED_CPU,
	WATCHED_MEMORY,
	WATCHED_DISK,
	WATCHED_PIDS,
	WATCHED_KINDS
};
double watched_value(const struct watched *watched, enum watched_kind kind,
		     size_t i);
/* What it may have of it, in the same units: INFINITY for no limit. */
double watched_limit(const struct watched *watched, enum watched_kind kind);

#endif
