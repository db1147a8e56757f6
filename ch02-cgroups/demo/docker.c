/* docker.c - experiment `docker`. */
#include "demo.h"

static int
run(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_docker = {
	.name = "docker",
	.shows = "-",
	.run = run,
};
