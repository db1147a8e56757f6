/*
 * core.h - the steps `create` and `start`: the container itself, made by the
 * runtime that engines use, too (runtime/making.h).
 *
 * Its tables come within ours: what they call a failure is in the message of
 * ours, and FAIL_AT and PAUSE_AT know all their steps.  What is undone there
 * is undone by the same runtime's `delete`, whoever asks for it.
 */
#ifndef CORE_H
#define CORE_H

#include "container.h"

/* Where that runtime keeps what it knows of containers: `mydocker-oci --root
 * ROOT/run` finds them there.  The caller frees. */
char *core_root(const char *root);

/*
 * The process is there, in its namespaces and its cgroup, and waits: c->pid,
 * c->pidfd, and with a terminal c->master.  Nothing of the
 * payload runs yet, so a signal that would end a program ends this: the
 * failure is "interrupted" then.
 */
int core_create(struct container *c);

/* It becomes the payload; failure.code says why it could not. */
int core_start(struct container *c);

/* Whatever there is of it: dead or alive, ours or a dead runtime's. */
int core_delete(struct container *c);

#endif
