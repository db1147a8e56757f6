/*
 * aufs_range.h - what is between two offsets of one file, copied to the same
 * place in another.
 *
 * A server that has the data already does it, where there is one.  Else two
 * threads do, each the next piece that nobody has: only one at a time can write
 * to a file, but the other can read.
 */
#ifndef AUFS_RANGE_H
#define AUFS_RANGE_H

#include <sys/types.h>

/* All up to `end`, or up to the end of `from`, if that comes before.  0 or a
 * negative errno value, and then any part of it may have been copied. */
int copy_range(int from, int to, off_t offset, off_t end);

#endif
