/* uts.c - experiment `uts`. */
#include "demo.h"

static int
run_uts(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_uts = {
	.name = "uts",
	.shows = "-",
	.run = run_uts,
};
