/* runc_pause.c - parent.  `pause` and `resume`: the freezer. */
#include "runc.h"

static int
run_pause(const struct runc *runc, void *wanted, char **words)
{
	(void)wanted;
	return runtime_pause(runc->root, words[0]);
}

static int
run_resume(const struct runc *runc, void *wanted, char **words)
{
	(void)wanted;
	return runtime_resume(runc->root, words[0]);
}

const struct runc_verb runc_pause = {
	.name = "pause",
	.arguments = "ID",
	.shows = "stop all of its processes where they are",
	.least = 1,
	.most = 1,
	.run = run_pause,
};

const struct runc_verb runc_resume = {
	.name = "resume",
	.arguments = "ID",
	.shows = "let the processes of a paused container go on",
	.least = 1,
	.most = 1,
	.run = run_resume,
};
