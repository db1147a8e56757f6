/* watch.c - experiment `watch`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_watch = {
	.name = "watch",
	.shows = "-",
	.run = run,
};
