/* pid.c - experiment `pid`. */
#include "demo.h"

static int
run_pid(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_pid = {
	.name = "pid",
	.shows = "-",
	.run = run_pid,
};
