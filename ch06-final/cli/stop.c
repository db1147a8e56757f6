/* stop.c - parent.  `stop` and `restart`: a container ends in its own way, or
 * after a while in ours. */
#include "stop.h"
#include "tell.h"

#include <errno.h>

#include "each.h"
#include "launching.h"
#include "signals.h"

static int
take_signal(void *member, const char *value)
{
	int number;
	return signal_parse(value, &number) < 0 ?
		       failx("invalid signal: %s", value) :
		       option_take_text(member, value);
}

static int
take_seconds(void *member, const char *value)
{
	uint64_t seconds;
	bool forever = *value == '-';
	if (parse_number(value + forever, 0, INT32_MAX, &seconds) < 0)
		return failx("parsing \"%s\": invalid syntax", value);
	*(int64_t *)member = forever ? -1 : (int64_t)seconds;
	return 0;
}

#define S struct stop_options
static const struct option_row options[] = {
	MEMBER('s', "signal", "string", "Signal to send to the container",
	       take_signal, S, signal),
	MEMBER('t', "timeout", "int", "Seconds to wait before killing it",
	       take_seconds, S, timeout_s),
	MEMBER(0, "time", "int", NULL, take_seconds, S, timeout_s),
	{ 0 },
};

static int
stop_one(struct container *c, const char *word, void *data)
{
	(void)word;
	int noted = container_note_stopped(c);
	struct failure why = failure;
	/* With --rm it is gone now. */
	if (container_stop(c, data) < 0 && failure.code != ENOENT)
		return -1;
	/* Or the next boot starts it again. */
	if (noted == 0)
		return container_sync(c);
	failure = why;
	return noted;
}

static int
restart_one(struct container *c, const char *word, void *data)
{
	if (container_stop(c, data) < 0)
		return wrap("Cannot restart container %s", word);
	if (launch_again(c) < 0)
		return -1;
	container_tell(c->dir, &c->record, NULL, "restart", NULL);
	return 0;
}

static int
run_stop(const struct verb *verb, int argc, char **argv)
{
	struct stop_options wanted = { .timeout_s = STOP_UNSET };
	return each_container(verb, argc, argv, &wanted,
			      &(struct each){ .does = verb == &verb_stop ?
				      stop_one : restart_one });
}

const struct verb verb_stop = {
	.name = "stop",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Stop one or more running containers",
	.options = options,
	.failure_status = 1,
	.run = run_stop,
};

const struct verb verb_restart = {
	.name = "restart",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Restart one or more containers",
	.options = options,
	.failure_status = 1,
	.run = run_stop,
	.starts = true,
};
