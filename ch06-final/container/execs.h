/*
 * execs.h - which `exec`s of a container are under way.
 *
 *	ROOT/containers/ID/exec-EXECID	locked (flock) by the one who keeps it
 *
 * The lock tells the living from those whose keeper was killed.
 */
#ifndef EXECS_H
#define EXECS_H

#include "record.h"
#include "words.h"

/* A new one, with an id of its own.  The lock is the caller's, to be closed
 * after execs_end(). */
int execs_begin(int dir, char id[ID_LENGTH + 1]);
void execs_end(int dir, const char *id);

/* The ids; what the killed have left goes. */
void execs_list(int dir, struct words *ids);

#endif
