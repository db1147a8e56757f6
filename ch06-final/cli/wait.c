/* wait.c - parent.  `wait`: until containers end, and with which status. */
#include <errno.h>
#include <time.h>

#include "each.h"

static const struct option_row options[] = {
	{ 0 },
};

/* A monitor tells.  Where there is none the record does, once nobody is about
 * to mend it, or to start the container again. */
static int
wait_for(struct container *c, int *status)
{
	while (attach_wait(c->dir, status) < 0) {
		if (!attach_is_gone() && failure.code != ECONNRESET &&
		    failure.code != EPIPE)
			return -1;
		int ours = container_claim(c);
		if (ours < 0 && failure.code != ENOENT)
			return -1;
		/* With --rm it may be gone, and is known to us all the same. */
		if (record_is_at_rest(&c->record)) {
			*status = c->record.exit_code;
			return 0;
		}
		if (ours < 0)
			return failx("container %s is gone: nobody knows its "
				     "exit status", c->record.name);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
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
	.shows = "Block until containers stop, then print their exit codes",
	.options = options,
	.failure_status = 1,
	.run = run_wait,
};
