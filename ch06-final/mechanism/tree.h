/*
 * tree.h - the one recursive remover of this project.
 *
 * A runtime deletes trees that others have written, as root.  Two things must
 * never happen then: that a link leads the deletion elsewhere, and that it
 * goes on into something mounted below, such as a volume whose unmount failed.
 * So nothing else in this project deletes more than one file.
 */
#ifndef TREE_H
#define TREE_H

#include "base.h"

/*
 * Remove `name` in the directory `dir` (or AT_FDCWD), and everything below it.
 *
 * Links are removed, never followed.  The walk goes by descriptors and stays
 * on the mount that `dir` is on: when it meets another mount it stops there,
 * with the mount's name, and returns -1; what that mount holds is not touched.
 * What was removed before stays removed.  Nothing there to remove is success.
 *
 * Depth is limited by memory only: no recursion, no joined paths, and no more
 * than a few dozen descriptors at a time.  Directories of our own that we may
 * not read or write are made so first.  `name` is a single component.
 */
int tree_remove(int dir, const char *name);

#endif
