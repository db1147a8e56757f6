/* hierarchy.c - experiment `hierarchy`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_hierarchy = {
	.name = "hierarchy",
	.shows = "-",
	.run = run,
};
