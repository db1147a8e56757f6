/* release.c - experiment `release`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_release = {
	.name = "release",
	.shows = "-",
	.run = run,
};
