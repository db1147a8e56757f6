/* pidtree.c - experiment `pidtree`. */
#include "demo.h"

static int
run_pidtree(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_pidtree = {
	.name = "pidtree",
	.shows = "-",
	.run = run_pidtree,
};
