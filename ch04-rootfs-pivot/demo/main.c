/* main.c - the program of chapter 4: its experiments, in the order of the
 * tour.  Everything else that `./demo` can do is in tour.c. */
#include "demo.h"

static const struct experiment *const experiments[] = {
	&demo_rootfs,
	&demo_chroot,
	&demo_escape,
	&demo_pivot,
	&demo_msmove,
	&demo_einval,
	&demo_mounts,
	&demo_volume,
	&demo_idmap,
	&demo_readonly,
	&demo_busy,
	&demo_save,
	NULL,
};

static const struct chapter chapter = {
	.name = "ch04-rootfs-pivot",
	.title = "a root directory of one's own, and the way into it for good",
	.experiments = experiments,
	.dot = dot,
};

int
main(int argc, char **argv)
{
	return tour_main(argc, argv, &chapter);
}
