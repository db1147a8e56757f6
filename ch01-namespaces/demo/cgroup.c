/* cgroup.c - experiment `cgroup`. */
#include "demo.h"

static int
run_cgroup(void)
{
	return tour_skip("not written yet");
}

const struct experiment demo_cgroup = {
	.name = "cgroup",
	.shows = "-",
	.run = run_cgroup,
};
