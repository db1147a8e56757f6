/* memory.c - experiment `memory`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_memory = {
	.name = "memory",
	.shows = "-",
	.run = run,
};
