/* runc_delete.c - parent.  `delete`: all that is left of a container. */
#include "runc.h"

struct wanted {
	bool force;
};

static const struct option_row rows[] = {
	SWITCH('f', "force", "Kill it, if it runs; none at all is fine",
	       struct wanted, force),
	{ 0 },
};

static int
run(const struct runc *runc, void *data, char **words)
{
	const struct wanted *wanted = data;
	return runtime_delete(runc->root, words[0], wanted->force);
}

const struct runc_verb runc_delete = {
	.name = "delete",
	.arguments = "ID",
	.shows = "remove a stopped container and what it holds",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 1,
	.run = run,
};
