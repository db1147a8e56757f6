/* mount.c - experiment `mount`. */
#include "demo.h"

static int
run_mount(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_mount = {
	.name = "mount",
	.shows = "-",
	.run = run_mount,
};
