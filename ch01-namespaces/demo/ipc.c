/* ipc.c - experiment `ipc`. */
#include "demo.h"

static int
run_ipc(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_ipc = {
	.name = "ipc",
	.shows = "-",
	.run = run_ipc,
};
