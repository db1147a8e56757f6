/*
 * aufs_plink.h - files that have several names in a read-only branch.
 *
 * When such a file is copied up by one of its names, the others still lead to
 * the original below.  They must not: it is one file.  So the copy gets one
 * more link, in the branch's AUFS_PLINKS directory, whose name tells whose
 * copy it is: "INODE.COPY", and the file system of the original after that if
 * it is another one.  Whoever looks up one of the other names is led to the
 * copy and has the name linked to it: a pseudo-link has become a real one.
 *
 * The number of links that is seen is that of the names in the union: those
 * of the copy, less the one in AUFS_PLINKS, and those of the original that
 * have not been dealt with, by linking them or by deleting them.
 *
 * All of this is used with the `tree` lock of struct aufs held, and what
 * changes something with it held alone.
 */
#ifndef AUFS_PLINK_H
#define AUFS_PLINK_H

#include <sys/stat.h>

#include "aufs_branch.h"

struct plink {
	struct plink *next;
	dev_t dev;
	ino_t ino; /* of the original, with dev */
	nlink_t links;	/* that the original has */
	nlink_t handled; /* of them, so many names have been dealt with */
	struct branch *branch; /* with the copy; NULL: there is none */
	char *name; /* of the copy in branch->plinks */
	ino_t copy; /* its inode number */
	time_t born; /* the copy: an original changed since is another file */
};

#define PLINK_CHAINS 256
struct plinks {
	struct plink *chains[PLINK_CHAINS];
};

/* That of an original, or of a copy; NULL. */
struct plink *plink_of_original(const struct plinks *plinks,
				const struct stat *original);
struct plink *plink_of_copy(const struct plinks *plinks,
			    const struct stat *copy);

/* One more name of `original` has been dealt with. */
void plink_name_handled(struct plinks *plinks, const struct stat *original);

/*
 * The file behind `copy`, in `branch`, is the copy of the one behind
 * `original` (descriptors, O_PATH will do).  0 or a negative errno value.
 */
int plink_make(struct plinks *plinks, struct branch *branch, int original,
	       int copy);

/* Those that an earlier mount has left in a branch; `branches` are all. */
void plinks_read(struct plinks *plinks, struct branch *branch,
		 struct branch *const *branches, int count);

/* The last name of the copy is gone: nobody can find it any more. */
void plink_remove(struct plinks *plinks, struct plink *plink);

/* The branch goes, or all of them do.  Those whose names have all become real
 * links are removed from the disk; the others stay for the next mount. */
void plinks_leave(struct plinks *plinks, const struct branch *branch);

/* How many names a file with this `stat` has in the union. */
nlink_t plink_count_names(const struct plinks *plinks, const struct stat *st,
			  const struct branch *branch);

#endif
