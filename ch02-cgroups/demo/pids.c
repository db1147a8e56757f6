/* pids.c - experiment `pids`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_pids = {
	.name = "pids",
	.shows = "-",
	.run = run,
};
