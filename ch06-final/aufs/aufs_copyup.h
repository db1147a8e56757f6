/*
 * aufs_copyup.h - a file of a read-only branch that is about to be changed is
 * copied to a writable one above it first.
 *
 * The copy is made complete, where nobody sees it (aufs_copy.h), and renamed
 * into place.  Then the node is that of the copy, by all its names.
 */
#ifndef AUFS_COPYUP_H
#define AUFS_COPYUP_H

#include "aufs_state.h"

/*
 * Let the node's object be in a writable branch.  The `tree` lock must not be
 * held: it is taken alone at the beginning and at the end, and not while data
 * are copied.  `size`: so much of the data is wanted (UINT64_MAX: all).
 * Returns 0, also where nothing was to be done, or a negative errno value.
 */
int copyup(struct aufs *aufs, struct node *node, uint64_t size);

#endif
