/* ls.c - experiment `ls`. */
#include "demo.h"

static int
run_ls(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_ls = {
	.name = "ls",
	.shows = "-",
	.run = run_ls,
};
