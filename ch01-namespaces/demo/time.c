/* time.c - experiment `time`. */
#include "demo.h"

static int
run_time(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_time = {
	.name = "time",
	.shows = "-",
	.run = run_time,
};
