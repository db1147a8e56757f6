/*
 * self.h - the runtime runs from a copy of itself that nobody can write to.
 *
 * Until the child has executed the payload, its /proc/self/exe is the
 * runtime's own file, and an image may ask for exactly that as its command.
 * What runs then is the host's program with the image's loader: it keeps a
 * descriptor of the file, and when the runtime is gone (before, the kernel
 * says ETXTBSY) it opens it for writing, as root (CVE-2019-5736).  So before
 * anything of a container runs, the program executes itself again from a
 * sealed copy in memory: memfd_create(2), F_ADD_SEALS.
 */
#ifndef SELF_H
#define SELF_H

#include "base.h"

/* Called first thing in main(). */
void self_begin(void);

/* 0 when this is the copy; otherwise it executes the copy with the same
 * arguments and does not return, or returns -1. */
int self_protect(char *const *argv);

/* The path of the program on disk, copy or not; NULL with `failure` set. */
const char *self_path(void);
/* That of another program in the same directory; the caller frees. */
char *self_beside(const char *name);

#endif
