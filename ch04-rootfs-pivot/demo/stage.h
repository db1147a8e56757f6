/* stage.h - where the experiments of this chapter play. */
#ifndef STAGE_H
#define STAGE_H

#include "base.h"

/*
 * Root, of a user namespace if need be, in a mount namespace of its own and an
 * empty directory in memory.  0, or what run() has to return.
 */
int stage_enter(void);

/* root of the machine, or only of a user namespace of it? */
bool stage_is_real_root(void);

/*
 * Run `body` in a child, in new namespaces of these kinds (0: none): what it
 * does to its root and its mounts ends with it.  Returns what `body` returned
 * (0 to 254), or -1 with its failure.
 */
int stage_child(uint64_t kinds, int (*body)(void *data), void *data);

/* Memory that a child has in common with us, zeroed; it ends with the stage. */
void *stage_shared(size_t size);

/*
 * The same, and when `body` has returned 0 the child goes on to exist, with
 * what it holds, until it is dismissed.  To be dismissed is allowed twice.
 */
struct stage_helper {
	pid_t pid; /* 0: there is none */
	int end;   /* of the pair of sockets that it waits at */
};
int stage_help(struct stage_helper *helper, uint64_t kinds,
	       int (*body)(void *data), void *data);
void stage_dismiss(struct stage_helper *helper);

#endif
