/* shares.c - experiment `shares`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_shares = {
	.name = "shares",
	.shows = "-",
	.run = run,
};
