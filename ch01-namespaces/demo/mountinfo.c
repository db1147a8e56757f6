/* mountinfo.c - experiment `mountinfo`. */
#include "demo.h"

static int
run_mountinfo(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_mountinfo = {
	.name = "mountinfo",
	.shows = "-",
	.run = run_mountinfo,
};
