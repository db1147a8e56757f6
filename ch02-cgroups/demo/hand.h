/*
 * hand.h - what one does to a cgroup by hand: mkdir, echo, and a look at who
 * is in it.  What is echoed is shown as it would be typed, with what the
 * kernel said to it.
 */
#ifndef HAND_H
#define HAND_H

#include "base.h"

/* mkdir `name` in `dir`: its descriptor, open for reading, or -1. */
int hand_mkdir(int dir, const char *name);

/* "echo VALUE > FILE" in `dir`, which is called `place` for the reader: 0, or
 * the errno with which the kernel refused it. */
int hand_echo(int dir, const char *place, const char *file, const char *value);
int hand_echo_pid(int dir, const char *place, const char *file, pid_t pid);

/* A file of `dir` as one line: newlines are blanks.  The caller frees. */
char *hand_cat(int dir, const char *file);

/* Is `pid` on this list, "cgroup.procs" or "tasks"? */
bool hand_lists(int dir, const char *file, pid_t pid);

/* A process in `dir` that is not `but`, or 0. */
pid_t hand_other(int dir, pid_t but);

/*
 * The cgroup in which `pid` is in the hierarchy with this controller, "memory"
 * or "name=x", and "" for v2: "/docker/7f3a".  NULL: there is no such
 * hierarchy.  The caller frees.
 */
char *hand_path(pid_t pid, const char *controller);

#endif
