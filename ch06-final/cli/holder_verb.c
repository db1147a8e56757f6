/*
 * holder_verb.c - holder.  `demo .holder`, which a command of an ordinary user
 * starts (rootless.h): of no use to people.
 */
#include "verbs.h"

#include "holder.h"

static const struct option_row options[] = {
	{ 0 },
};

static int
run_holder(const struct verb *verb, int argc, char **argv)
{
	(void)verb;
	(void)argc;
	(void)argv;
	return holder_main();
}

const struct verb verb_holder = {
	.name = ".holder",
	.arguments = "",
	.options = options,
	.failure_status = 1,
	.run = run_holder,
};
