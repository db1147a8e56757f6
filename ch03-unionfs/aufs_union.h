/*
 * aufs_union.h - where things are in the union, and where they shall go.
 *
 * Names are those within one directory; layers are a directory's.  What
 * returns an int returns 0 or a negative errno value.
 */
#ifndef AUFS_UNION_H
#define AUFS_UNION_H

#include "aufs_state.h"

/* What a listing of the directory says of a name in it, while that holds; so
 * that a hundred layers need not be asked.  UNION_UNKNOWN: nothing. */
struct hint {
	unsigned int from; /* the topmost layer that can have it */
	unsigned int hiding; /* from this one on no layer has whiteouts */
};
#define UNION_UNKNOWN ((struct hint){ 0, AUFS_BRANCHES_MAX })

/* What a name leads to: a file in one branch, a directory in several. */
struct found {
	unsigned int count;
	bool ends; /* nothing below counts: node->ends */
	unsigned int hiding; /* as in `struct hint` */
	struct stat st; /* of the topmost */
	struct layer layers[AUFS_BRANCHES_MAX];
};

/* -ENOENT, -EPERM for reserved names, -ENAMETOOLONG.  The caller closes the
 * descriptors or gives them to a node. */
int union_find(const struct node *dir, const char *name, struct hint hint,
	       struct found *found);
void union_close(struct found *found);

/* The same without opening anything: what it is, and in which branch. */
int union_stat(const struct node *dir, const char *name,
	       const struct branch **branch, struct stat *st);

/* Is there something of that name below the branch `above`? */
bool union_is_below(const struct node *dir, const char *name,
		    const struct branch *above);

/* Does something above it have the name, or hide it? */
bool union_is_above(const struct node *dir, const char *name,
		    const struct branch *below);

/*
 * Look a name up and give its node, of which the caller owns a reference, and
 * what fstat(2) says of it.
 * -EAGAIN: something has to be written down first; ask again with `alone`,
 * holding the `tree` lock so.
 */
int union_look_up(struct aufs *aufs, struct node *dir, const char *name,
		  struct hint hint, bool alone, struct node **node,
		  struct stat *st);

/* ---- with the `tree` lock held alone ----------------------------------- */

/* The layer of `dir` in `branch`; made, with all above it, if need be.  -EXDEV:
 * it would not be seen there, below an opaque directory of another branch. */
int union_raise_directory(struct aufs *aufs, struct node *dir,
			  struct branch *branch, struct layer *layer);

/* The layer of `dir` that takes a new name; -EROFS. */
int union_place(struct aufs *aufs, struct node *dir, const char *name,
		struct layer *layer);

/*
 * `name` has just been made in `layer`: whiteouts that hide it go away.
 * `*was_hidden`: there was one in the layer itself.
 */
int union_unhide(const struct node *dir, const char *name,
		 const struct layer *layer);

/* The layer of `dir` that can hide `name`, or replace it: in a writable branch
 * not below the one where it is.  -EROFS. */
int union_place_above(struct aufs *aufs, struct node *dir,
		      const struct branch *branch, struct layer *layer);

#endif
