/* unified.c - experiment `unified`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_unified = {
	.name = "unified",
	.shows = "-",
	.run = run,
};
