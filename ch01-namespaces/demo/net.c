/* net.c - experiment `net`. */
#include "demo.h"

static int
run_net(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_net = {
	.name = "net",
	.shows = "-",
	.run = run_net,
};
