/*
 * aufs_copy.h - an object of one branch made anew in another, with all it has:
 * data, owner, mode, times, attributes and access lists.
 *
 * Holes stay holes, and where the file system can share blocks nothing is
 * copied at all.  The copy is made where orphans are: whoever looks, in the
 * branch itself or after a crash, sees none of it until it is renamed.
 */
#ifndef AUFS_COPY_H
#define AUFS_COPY_H

#include <sys/stat.h>

#include "aufs_branch.h"

/* The file, link or device behind `original` as `orphan` of the branch, with
 * so much of its data at most.  0 or a negative errno value. */
int copy_object(int original, struct branch *branch, const char *orphan,
		uint64_t size, const struct stat *st);

/*
 * A directory like the one behind `original`, as `orphan` of the branch or as
 * `name` in the layer `parent`: returns a descriptor (O_PATH) of it, or a
 * negative errno value.
 */
int copy_orphan_directory(int original, struct branch *branch,
			  const char *orphan);
int copy_directory(const struct layer *parent, const char *name,
		   int original);

/* Owner, mode, attributes and times of one directory, given to another. */
int copy_likeness(int from, int to);

/* The directory that something was put into looks as if nothing had been. */
void copy_keep_times(int dir, const struct stat *before);

/* "/proc/self/fd/N": what is done by path with what is held by O_PATH. */
struct fd_path {
	char text[32];
};
struct fd_path fd_path(int fd);

#endif
