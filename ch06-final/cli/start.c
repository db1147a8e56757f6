/* start.c - parent.  `start`: containers that are at rest. */
#include <unistd.h>

#include "each.h"
#include "launching.h"

struct start_options {
	bool attach, interactive;
	char *detach_keys;
};

#define S struct start_options
static const struct option_row options[] = {
	SWITCH('a', "attach", "Attach STDOUT and STDERR, and forward signals",
	       S, attach),
	SWITCH('i', "interactive", "Attach the container's STDIN", S,
	       interactive),
	MEMBER(0, "detach-keys", "string", "The keys that detach from it",
	       option_take_text, S, detach_keys),
	{ 0 },
};

/* One that runs has been started. */
static int
start_one(struct container *c, const char *word, void *data)
{
	(void)word;
	(void)data;
	int ours = container_claim(c);
	return ours > 0 ? launch_again(c) : ours;
}

static int
start_attached(const struct verb *verb, const char *word,
	       const struct start_options *wanted)
{
	auto_container struct container c;
	struct attach_options attach = {
		.input = wanted->interactive,
		.output = true,
		.errors = true,
		.proxy_signals = true,
	};
	int ours = container_find(&c, verb_root(), word) < 0 ||
				   attach_keys_parse(wanted->detach_keys ?: "",
						     &attach.keys) < 0 ?
			   -1 :
			   container_claim(&c);
	if (ours > 0)
		return launch_attached(verb, &c, &attach);
	auto_close int sock = ours < 0 ? -1 : attach_connect(c.dir, &attach);
	return sock < 0 ? verb_error(verb) :
			  launch_follow(verb, sock, &attach);
}

static int
run_start(const struct verb *verb, int argc, char **argv)
{
	struct start_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	bool attach = wanted.attach || wanted.interactive;
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	if (attach && argc - first > 1) {
		failx("you cannot start and attach multiple containers at "
		      "once");
		return verb_error(verb);
	}
	if (attach)
		return start_attached(verb, argv[first], &wanted);
	return each_of(verb, argv + first, &wanted,
		       &(struct each){ .does = start_one, .failed =
				       "failed to start containers" });
}

const struct verb verb_start = {
	.name = "start",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Start one or more stopped containers",
	.options = options,
	.failure_status = 1,
	.run = run_start,
	.starts = true,
};
