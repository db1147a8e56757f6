/* main.c - the program of chapter 5: its experiments, in the order of the
 * tour.  Everything else that `./demo` can do is in tour.c. */
#include "demo.h"

static const struct experiment *const experiments[] = {
	&demo_veth,
	&demo_bridge,
	&demo_modes,
	&demo_ipam,
	&demo_nat,
	&demo_publish,
	&demo_packet,
	&demo_dns,
	&demo_cnm,
	&demo_isolate,
	NULL,
};

static const struct chapter chapter = {
	.name = "ch05-network",
	.title = "an address, a way out, and a way in",
	.experiments = experiments,
	.dot = dot,
};

int
main(int argc, char **argv)
{
	return tour_main(argc, argv, &chapter);
}
