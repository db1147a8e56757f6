/* clone.c - experiment `clone`. */
#include "demo.h"

static int
run_clone(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_clone = {
	.name = "clone",
	.shows = "-",
	.run = run_clone,
};
