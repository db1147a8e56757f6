/* where.c - experiment `where`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_where = {
	.name = "where",
	.shows = "-",
	.run = run,
};
