/*
 * exec_in.h - another program in a container that lives.
 */
#ifndef EXEC_IN_H
#define EXEC_IN_H

#include "container.h"
#include "words.h"

struct exec_wanted {
	bool terminal, interactive, detach, privileged; /* -t -i -d */
	bool tied; /* it ends with us (runtime.h) */
	char *user, *workdir; /* -u, -w; or NULL */
	char *detach_keys;
	struct attach_keys keys; /* what they come to */
	struct words env, env_files;
	char *const *argv;
};

/*
 * Run it, our input and output carried.  Returns its exit status; or minus the
 * one that is due, with `failure`: 127 when it is not there, 126 otherwise.  A
 * container that is not running is refused.
 */
int exec_in(struct container *c, const struct exec_wanted *wanted);

/* One health check: what it says is ours to print.  The same. */
int exec_probe(struct container *c, const struct settings *settings);

#endif
