/*
 * allowance.h - what an archive may take of this machine.
 *
 * A few kilobytes of gzip become as many terabytes, or millions of files, as
 * their writer likes (a "bomb").  The archive does not say before how much it
 * will be, so it is held to what there is: a little of the disk stays free for
 * everybody else, space as well as inodes.  And what has to be remembered in
 * memory has a limit of its own, far beyond all that is meant honestly.
 */
#ifndef ALLOWANCE_H
#define ALLOWANCE_H

#include "base.h"

#define ALLOWANCE_ENTRIES 5000000ULL
#define ALLOWANCE_NAMES (256ULL << 20) /* bytes in all paths */

struct allowance {
	int dir; /* on the disk; the caller's */
	uint64_t entries, names;
	uint64_t unseen; /* bytes written since the disk was looked at */
};

void allowance_begin(struct allowance *allowance, int dir);
/* Another entry, or so many bytes more: 0, or -1 with what is too much. */
int allowance_entry(struct allowance *allowance, const char *path);
int allowance_bytes(struct allowance *allowance, uint64_t size);

#endif
