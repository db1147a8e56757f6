/* ownproc.h - a /proc that shows the pid namespace we are in. */
#ifndef OWNPROC_H
#define OWNPROC_H

/*
 * /proc shows the namespace of whoever mounted it, so it takes a new one.  The
 * caller is process 1 of a pid namespace, and in a new mount namespace
 * (CLONE_NEWNS): what is mounted here is not seen outside.
 */
int own_proc(void);

#endif
