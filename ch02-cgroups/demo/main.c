/* main.c - the program of chapter 2: its experiments, in the order of the
 * tour.  Everything else that `./demo` can do is in tour.c. */
#include "demo.h"

static const struct experiment *const experiments[] = {
	&demo_where,
	&demo_hierarchy,
	&demo_unified,
	&demo_move,
	&demo_release,
	&demo_memory,
	&demo_memswap,
	&demo_memsoft,
	&demo_shares,
	&demo_quota,
	&demo_cpuset,
	&demo_pids,
	&demo_freezer,
	&demo_devices,
	&demo_io,
	&demo_docker,
	&demo_limit,
	&demo_watch,
	NULL,
};

static const struct chapter chapter = {
	.name = "ch02-cgroups",
	.title = "how much a group of processes may use, and who counts it",
	.experiments = experiments,
	.dot = dot,
};

int
main(int argc, char **argv)
{
	return tour_main(argc, argv, &chapter);
}
