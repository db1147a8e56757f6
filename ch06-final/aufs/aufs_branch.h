/*
 * aufs_branch.h - the directories that an aufs is made of.
 *
 *	dirs=./container-layer:./image-layer2=ro+wh:./image-layer1
 *
 * The leftmost is on top.  What may be done in a branch follows its path:
 *
 *	rw	is written; so the first one is by default
 *	ro	is not, by us; all others by default
 *	rr	is by nobody at all: not looked at again
 *	+wh	of ro and rr: whiteouts in it count.  Without it they do not,
 *		and are not shown either (aufs(5))
 *	+nolwh	of rw: whiteouts are files of their own, not hard links
 *	+coo_reg of ro and rr: files are copied up when they are opened to be
 *		written, and not when they are (also +coo_all)
 *
 * A word that is none of these is passed over, as aufs does.
 */
#ifndef AUFS_BRANCH_H
#define AUFS_BRANCH_H

#include "base.h"

#define AUFS_BRANCHES_MAX 127

/* What aufs keeps in a writable branch, and nobody sees in the union. */
#define AUFS_WHITEOUT ".wh."
#define AUFS_BASE ".wh..wh.aufs" /* whiteouts are hard links of this */
#define AUFS_ORPHANS ".wh..wh.orph" /* of what is not there yet or no more */
#define AUFS_PLINKS ".wh..wh.plnk" /* see aufs_plink.h */
#define AUFS_OPAQUE ".wh..wh..opq" /* in a directory: nothing below counts */

enum aufs_permission { AUFS_RO, AUFS_RR, AUFS_RW };

struct branch {
	int index; /* 0 is on top */
	int id;	   /* stays with the branch when that moves: brid */
	char *path;
	int fd; /* O_PATH, of the directory; -1: not open */
	dev_t dev;
	enum aufs_permission permission;
	bool wh, nolwh;
	bool on_open; /* coo_reg, coo_all: see above */
	int orphans, plinks; /* of a writable one, or -1 */
};

/* What is in one branch at some place of the union. */
struct layer {
	struct branch *branch;
	int fd; /* O_PATH */
};

/*
 * Parse "PATH[=PERMISSION[+ATTRIBUTE...]]" into fresh memory, that the caller
 * gives to branch_free().  `first`: the default is rw and not ro.
 */
struct branch *branch_parse(const char *text, bool first);
void branch_free(struct branch *branch);

/* The other direction: "rw", "ro+wh", ... */
const char *branch_permission(const struct branch *branch);
/* The same words read: into permission, wh, nolwh, on_open. */
void branch_set_permission(struct branch *branch, const char *words);

/* Open the directory; its path is its full name from then on. */
int branch_open(struct branch *branch);
/*
 * It is to be written: make what aufs keeps in it, and empty the place of
 * orphans: those of a daemon that was killed.  Read-only again, it all goes.
 */
int branch_begin_writing(struct branch *branch);
void branch_retire(struct branch *branch);

/* Do whiteouts in it count? */
static inline bool
branch_has_whiteouts(const struct branch *branch)
{
	return branch->permission == AUFS_RW || branch->wh;
}

static inline bool
branch_is_writable(const struct branch *branch)
{
	return branch->permission == AUFS_RW;
}

/* Is one of the two open directories the other, or somewhere inside it? */
bool branch_overlaps(const struct branch *one, const struct branch *other);

#endif
