/* quota.c - experiment `quota`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_quota = {
	.name = "quota",
	.shows = "-",
	.run = run,
};
