/*
 * union.h - the step `union`: the container's root, mounted nowhere yet.
 *
 * What there is of it is a descriptor, c->union_mount.  The child moves the
 * mount to where its root shall be.  So it is the container's alone, was never
 * seen by the host, and goes with the container's mount namespace.
 *
 * With the storage driver overlay the kernel makes it.  That of aufs is a file
 * system in user space, so somebody has to answer for it as long as the
 * container lives: a process mydocker-aufs, beside the container and not in
 * it.  It makes the mount and sends us the descriptor; with the mount the
 * daemon ends.
 *
 * What tells whether it lives is a lock that it holds, on the file `daemon` of
 * the container's directory.
 */
#ifndef UNION_H
#define UNION_H

#include "container.h"

int union_up(struct container *c);
/* The container is dead: wait for the daemon's end, and help it along. */
int union_down(struct container *c);

/* Is there one that has not been waited for? */
bool union_has_daemon(int dir);

#endif
