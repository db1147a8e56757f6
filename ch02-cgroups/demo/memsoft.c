/* memsoft.c - experiment `memsoft`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_memsoft = {
	.name = "memsoft",
	.shows = "-",
	.run = run,
};
