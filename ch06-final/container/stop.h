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

/*
 * That somebody has stopped it by hand (`stop`, `kill`) is remembered, by an
 * empty file, until it is started again: `--restart unless-stopped` asks for
 * it when the machine starts.
 */
int container_note_stopped(const struct container *c);
void container_forget_stopped(const struct container *c);

/* Is it to be started with the machine, by Docker's rules?  It has run before,
 * and its policy is `always`, or `unless-stopped` and nobody has. */
bool container_is_due_at_boot(const struct container *c,
			      const struct settings *settings);

#endif
