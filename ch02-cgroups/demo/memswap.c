/* memswap.c - experiment `memswap`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_memswap = {
	.name = "memswap",
	.shows = "-",
	.run = run,
};
