/* cpuset.c - experiment `cpuset`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_cpuset = {
	.name = "cpuset",
	.shows = "-",
	.run = run,
};
