/*
 * aufs_copyup.h - a file of a read-only branch that is about to be changed is
 * copied to a writable one above it first.
 *
 * The copy is made where orphans are, complete with data, owner, mode, times,
 * attributes and access lists, and then renamed into place: whoever looks, in
 * the branch itself or after a crash, sees none of it or all.  Holes stay
 * holes, and where the file system can share blocks nothing is copied at all.
 */
#ifndef AUFS_COPYUP_H
#define AUFS_COPYUP_H

#include "aufs.h"

/*
 * Let the node's object be in a writable branch.  The `tree` lock must not be
 * held: it is taken alone at the beginning and at the end, and not while data
 * are copied.  `size`: so much of the data is wanted (UINT64_MAX: all).
 * Returns 0, also where nothing was to be done, or a negative errno value.
 */
int copyup(struct aufs *aufs, struct node *node, uint64_t size);

/* A directory like the one behind `original` in the layer `parent`: returns a
 * descriptor (O_PATH) of it, or a negative errno value. */
int copyup_directory(const struct layer *parent, const char *name,
		     int original);

/* The directory that something was put into looks as if nothing had been. */
void copyup_keep_times(int dir, const struct stat *before);

/* "/proc/self/fd/N": what is done by path with what is held by O_PATH. */
struct fd_path {
	char text[32];
};
struct fd_path fd_path(int fd);

#endif
