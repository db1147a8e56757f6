/* unshare.c - experiment `unshare`. */
#include "demo.h"

static int
run_unshare(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_unshare = {
	.name = "unshare",
	.shows = "-",
	.run = run_unshare,
};
