/* devices.c - experiment `devices`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_devices = {
	.name = "devices",
	.shows = "-",
	.run = run,
};
