/* move.c - experiment `move`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_move = {
	.name = "move",
	.shows = "-",
	.run = run,
};
