/*
 * exec_keep.h - who is the parent of what `exec` runs.
 *
 *	client ── fork ──> keeper ── clone ──> the program, in the container
 *	   <── outcome ──────┘
 *
 * The kernel ends a pid namespace only when everybody in it has been waited
 * for, by his own parent where that one is outside.  A client that ends, or
 * is let go, would leave its program to whoever is process 1 of the host, and
 * the end of the container to his habits.  So the parent is a process of ours
 * that stays as long as the program does: it runs it, holds its terminal,
 * waits for it, and tells of its end.
 */
#ifndef EXEC_KEEP_H
#define EXEC_KEEP_H

#include "container.h"

#define EXEC_DETACHED 256 /* its keys were typed */

struct exec_keep {
	const struct container *c;
	bool terminal, interactive, detach; /* -t -i -d */
	char *const *argv; /* for the events */
	/* In the keeper: run it, and wait for it.  Its exit status, or minus
	 * the one that is due, with `failure`; `let_go(keeping)` is called when
	 * the client need not wait any longer (runtime.h). */
	int (*run)(const struct exec_keep *wanted,
		   void (*let_go)(void *keeping), void *keeping);
	const void *data; /* the caller's */
};

/* In the client: what run() comes to; or EXEC_DETACHED. */
int exec_keep(const struct exec_keep *wanted);

#endif
