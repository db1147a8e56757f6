/* setns.c - experiment `setns`. */
#include "demo.h"

static int
run_setns(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_setns = {
	.name = "setns",
	.shows = "-",
	.run = run_setns,
};
