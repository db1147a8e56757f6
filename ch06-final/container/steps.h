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

/* The table (up.c), ending with a step without a name. */
extern const struct step up_steps[];

/* Undo all of the table, in a process that may have done none of it. */
int container_undo(struct container *c);

/* Do one step, with all that stepping.h says. */
int steps_do(const struct step *step, struct container *c);

/* Before the first: a FAIL_AT or PAUSE_AT that names no step, of this table or
 * of the two within `create`, is refused. */
int steps_check_names(void);

#endif
