/* main.c - the program of chapter 1: its experiments, in the order of the
 * tour.  Everything else that `./demo` can do is in tour.c. */
#include "demo.h"

static const struct experiment *const experiments[] = {
	&demo_fork,
	&demo_clone,
	&demo_uts,
	&demo_ipc,
	&demo_pid,
	&demo_pidtree,
	&demo_mount,
	&demo_mountinfo,
	&demo_user,
	&demo_net,
	&demo_cgroup,
	&demo_time,
	&demo_all,
	&demo_unshare,
	&demo_setns,
	&demo_ls,
	NULL,
};

static const struct chapter chapter = {
	.name = "ch01-namespaces",
	.title = "what a process sees, and how to show it something else",
	.experiments = experiments,
	.dot = dot,
};

int
main(int argc, char **argv)
{
	return tour_main(argc, argv, &chapter);
}
