/* io.c - experiment `io`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_io = {
	.name = "io",
	.shows = "-",
	.run = run,
};
