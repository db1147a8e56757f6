/* runc_start.c - parent.  `start`: the program of a created container. */
#include "runc.h"

static int
run(const struct runc *runc, void *wanted, char **words)
{
	(void)wanted;
	return runtime_start(runc->root, words[0]);
}

const struct runc_verb runc_start = {
	.name = "start",
	.arguments = "ID",
	.shows = "execute the program of a created container",
	.least = 1,
	.most = 1,
	.run = run,
};
