/* user.c - experiment `user`. */
#include "demo.h"

static int
run_user(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_user = {
	.name = "user",
	.shows = "-",
	.run = run_user,
};
