/* freezer.c - experiment `freezer`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_freezer = {
	.name = "freezer",
	.shows = "-",
	.run = run,
};
