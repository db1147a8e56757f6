/*
 * aufs_whiteout.h - how aufs writes down that something is not there.
 *
 * ".wh.NAME", an empty file in a writable branch or in one marked +wh, hides
 * NAME in the branches below.  ".wh..wh..opq" in a directory hides all that
 * directories of its name hold below.  Both are hard links of one file of the
 * branch, so that a million deletions take a million names and one inode.
 * The format of an OCI image's layers is the same (image-spec, layer.md).
 */
#ifndef AUFS_WHITEOUT_H
#define AUFS_WHITEOUT_H

#include "aufs_branch.h"

/* 255, less ".wh." twice, a dot and four digits: as aufs counts. */
#define AUFS_NAME_MAX 242

/* Is that a name which nobody may see or make in the union? */
bool whiteout_is_reserved(const char *name);

/* Does the layer have a whiteout of that name?  Is the directory opaque? */
bool whiteout_is_in(const struct layer *layer, const char *name);
bool whiteout_is_opaque(int dir, const struct branch *branch);

/*
 * Make and remove them, in a layer of a writable branch.  0 also where that
 * was done before; or a negative errno value.
 */
int whiteout_make(const struct layer *layer, const char *name);
int whiteout_remove(const struct layer *layer, const char *name);
int whiteout_make_opaque(const struct layer *layer);

/*
 * A directory that holds nothing but whiteouts, out of the way and away:
 * renamed to where orphans are, emptied and removed there.
 */
int whiteout_remove_directory(const struct layer *parent, const char *name);

/* A name in the place of orphans that is not taken; the caller frees it. */
char *whiteout_orphan_name(void);

#endif
