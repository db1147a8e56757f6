/*
 * union.h - the step `union`: what mounts the container's root where the
 * kernel does not.
 *
 * Of the storage driver overlay there is nothing to do: the child mounts it.
 * That of aufs is a file system in user space, so somebody has to answer for
 * it as long as the container lives: a process mydocker-aufs, beside the
 * container and not in it.  It makes the mount, which is nowhere yet, and
 * sends us a descriptor of it (c->union_mount); the child inherits that and
 * moves the mount to where its root shall be.  So the mount is the container's
 * alone, goes with its mount namespace, and with the mount the daemon ends.
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

#endif
