/* root.h - the root file system that the experiments enter. */
#ifndef ROOT_H
#define ROOT_H

#include "base.h"

/*
 * A root made from nothing, in a new directory `path`: the usual directories,
 * etc/passwd and etc/motd, and the machine's busybox with its links, if it has
 * one that stands alone.
 */
int root_make(const char *path);

/* The same, bound onto itself: a mount point.  Returns a descriptor of the
 * mount, O_PATH. */
int root_make_mount(const char *path);

/* A directory becomes a mount point by being bound onto itself.  What is
 * opened afterwards is the mount: this is its descriptor. */
int root_bind_onto_itself(const char *path);

/* A shell here, if the root has one; else what the machine lacks for it. */
int root_shell(const char *advice);

#define ROOT_MOTD "made from nothing\n"

#endif
