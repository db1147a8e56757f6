/* wait.c - parent.  `wait`: until containers end, and with which status. */
#include <errno.h>

#include "each.h"

static const struct option_row options[] = {
	{ 0 },
};

static int
wait_for(struct container *c, int *status)
{
	if (attach_wait(c->dir, status) == 0)
		return 0;
	/* There is no monitor: it has ended, or ends at this moment. */
	if (failure.code != ECONNREFUSED && failure.code != ENOENT &&
	    failure.code != ECONNRESET)
		return -1;
	if (container_lock(c) < 0)
		return -1;
	*status = c->record.exit_code;
	return 0;
}

static int
wait_one(struct container *c, const char *word, void *data)
{
	int status;
	(void)word;
	(void)data;
	if (wait_for(c, &status) < 0)
		return -1;
	printf("%d\n", status);
	return 1;
}

static int
run_wait(const struct verb *verb, int argc, char **argv)
{
	return each_container(verb, argc, argv, NULL,
			      &(struct each){ .does = wait_one });
}

const struct verb verb_wait = {
	.name = "wait",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Block until one or more containers stop, then print their "
		 "exit codes",
	.options = options,
	.failure_status = 1,
	.run = run_wait,
};
