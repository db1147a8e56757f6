/* kill.c - parent.  `kill`: a signal for process 1 of a container. */
#include "each.h"
#include "signals.h"
#include "stop.h"

struct kill_options {
	const char *signal;
	int number;
};

/* Not before it is sent it is looked at: the exit status is then 1. */
static int
take_signal(void *member, const char *value)
{
	*(const char **)member = value;
	return 0;
}

static const struct option_row options[] = {
	MEMBER('s', "signal", "string", "Signal to send to the container",
	       take_signal, struct kill_options, signal),
	{ 0 },
};

static int
kill_one(struct container *c, const char *word, void *data)
{
	struct kill_options *wanted = data;
	if (signal_parse(wanted->signal, &wanted->number) < 0 ||
	    wanted->number == 0)
		return failx("invalid signal: %s", wanted->signal);
	return container_signal(c, word, wanted->number);
}

static int
missing(const char *word, void *data)
{
	(void)data;
	return wrap("cannot kill container: %s", word);
}

static int
run_kill(const struct verb *verb, int argc, char **argv)
{
	struct kill_options wanted = { .signal = "KILL" };
	return each_container(verb, argc, argv, &wanted,
			      &(struct each){ .does = kill_one,
					      .missing = missing });
}

const struct verb verb_kill = {
	.name = "kill",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Kill one or more running containers",
	.options = options,
	.failure_status = 1,
	.run = run_kill,
};
