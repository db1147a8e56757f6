/* fork.c - experiment `fork`. */
#include "demo.h"

static int
run_fork(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_fork = {
	.name = "fork",
	.shows = "-",
	.run = run_fork,
};
