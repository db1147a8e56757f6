/*
 * self.h - the runtime runs from where nobody can write to its program.
 *
 * Until the child has executed the payload, its /proc/self/exe is the
 * runtime's own file, and an image may ask for exactly that as its command.
 * What runs then is the host's program with the image's loader: it keeps a
 * descriptor of the file, and when the runtime is gone (before, the kernel
 * says ETXTBSY) it opens it for writing, as root (CVE-2019-5736).  So before
 * anything of a container runs, the program executes itself again, from a mount
 * of its file alone that is read-only (open_tree(2), mount_setattr(2)).  It is
 * mounted nowhere, and its descriptor is gone before anything of the container
 * runs, so there is nothing that anybody could make writable again, mount, or
 * clone.
 *
 * Where there are no such mounts (before Linux 5.12, or without the right to
 * mount) it is a sealed copy in memory: memfd_create(2), F_ADD_SEALS.  That
 * takes a millisecond and the program's size in memory more.
 */
#ifndef SELF_H
#define SELF_H

#include "base.h"

/* In its environment the copy finds where it is from. */
#define SELF_MARK "MYDOCKER_SELF"

/* Called first thing in main(). */
void self_begin(void);

/* 0 when this is the copy; otherwise it executes the copy with the same
 * arguments and does not return, or returns -1. */
int self_protect(char *const *argv);

/* Execute another program of ours likewise: it has not to do so again.  Where
 * there are no such mounts it is executed as it is.  -1 when it cannot be. */
int self_execute(const char *program, char *const *argv);

/*
 * Parent and child: the mount's descriptor is closed, before there is anybody
 * else who could see it.  (Not by the execveat(2) that it was for: with the
 * last of a mount goes a grace period of the kernel's, which the parent has
 * time for while the child is at work.)
 */
void self_let_go(void);

/* The path of the program on disk, copy or not; NULL with `failure` set. */
const char *self_path(void);
/* That of another program in the same directory; the caller frees. */
char *self_beside(const char *name);

#endif
