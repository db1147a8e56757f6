/* main.c - the program of chapter 3: its experiments, in the order of the
 * tour.  Everything else that `./demo` can do is in tour.c. */
#include "demo.h"

static const struct experiment *const experiments[] = {
	&demo_company,
	&demo_layers,
	&demo_copyup,
	&demo_whiteout,
	&demo_rename,
	&demo_limits,
	&demo_aufs,
	&demo_branches,
	&demo_compare,
	&demo_image,
	&demo_oci,
	&demo_diff,
	NULL,
};

static const struct chapter chapter = {
	.name = "ch03-unionfs",
	.title = "several directories shown as one, and who pays for a write",
	.experiments = experiments,
	.dot = dot,
};

int
main(int argc, char **argv)
{
	return tour_main(argc, argv, &chapter);
}
