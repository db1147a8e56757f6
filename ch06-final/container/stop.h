/*
 * stop.h - a container is asked to end, and made to when it does not.
 */
#ifndef STOP_H
#define STOP_H

#include "container.h"

/* What `stop` was told besides; NULL and STOP_UNSET: what the container's
 * settings say, or SIGTERM and ten seconds. */
struct stop_options {
	const char *signal;
	int64_t timeout_s; /* -1: for ever */
};
#define STOP_UNSET INT64_MIN

/*
 * The signal, and when it has not ended in time SIGKILL to everybody in its
 * cgroup; nothing is restarted.  Then it is at rest, and its lock is ours.  One
 * that does not run is left as it is.  ENOENT: with --rm it is gone.
 */
int container_stop(struct container *c, const struct stop_options *options);

/* One signal to its first process.  Fails in Docker's words, unless it runs. */
int container_signal(struct container *c, const char *word, int number);

#endif
