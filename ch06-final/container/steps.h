/*
 * steps.h - a procedure as a table of named steps.
 *
 * The order in which a container is set up is data: it can be printed (-v),
 * drawn, made to fail at any step (FAIL_AT), and undone backwards.
 */
#ifndef STEPS_H
#define STEPS_H

#include "base.h"

struct container;

struct step {
	const char *name;
	int (*up)(struct container *c);
	/* Undo; accepts what is half made or not there.  NULL: what the step
	 * made goes with something else. */
	int (*down)(struct container *c);
};

/* The two tables, each ending with a step without a name: the runtime's
 * (up.c), and the child's between `clone` and `ready` (child.c). */
extern const struct step up_steps[];
extern const struct step child_steps[];

/*
 * Do one step.  A failure gets the step's name in front.  For tests, after
 * its work is done: FAIL_AT=name makes the step fail; PAUSE_AT=name holds the
 * process that did it, under the name "paused", so that a test can kill the
 * runtime at exactly this point, or a reader look around; Ctrl-C ends it.
 */
int steps_do(const struct step *step, struct container *c);

/* Before the first: a FAIL_AT or PAUSE_AT that names no step is refused. */
int steps_check_names(void);

/* Say what is done, for -v. */
void steps_trace(const char *direction, const char *name);

#endif
