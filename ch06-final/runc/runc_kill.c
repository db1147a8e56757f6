/* runc_kill.c - parent.  `kill`: a signal for a container. */
#include "runc.h"

#include "signals.h"

struct wanted {
	bool all;
};

static const struct option_row rows[] = {
	SWITCH('a', "all", "To all of its processes, not to the first alone",
	       struct wanted, all),
	{ 0 },
};

static int
run(const struct runc *runc, void *data, char **words)
{
	const struct wanted *wanted = data;
	int number = SIGTERM;
	if (words[1] && signal_parse(words[1], &number) < 0)
		return -1;
	return runtime_kill(runc->root, words[0], number, wanted->all);
}

const struct runc_verb runc_kill = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.shows = "send a signal to its first process",
	.more = "SIGNAL is a number or a name: 9, KILL, SIGKILL, RTMIN+1.  "
		"Without it: TERM.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 2,
	.run = run,
};
