/*
 * aufs.h - a union file system with the semantics of aufs, in user space.
 *
 *	struct aufs aufs;
 *	aufs_init(&aufs);
 *	if (aufs_set_options(&aufs, "dirs=./top:./bottom") < 0 ||
 *	    aufs_mount(&aufs, "none", "mnt", 0) < 0)
 *		return -1;
 *	return aufs_serve(&aufs);	until it is unmounted
 *
 * What aufs does is written in its manual page, aufs(5), and was measured on a
 * kernel that has it; where this differs the book's chapter 3 says so.
 *
 * The parts, each in files of its own, from the bottom up: branches,
 * whiteouts, numbers, listings, nodes, pseudo-links, copies, handles; the
 * union, copy-up; the operations: attributes, files, names, directories; and
 * options, remounts and what is shown of it.
 */
#ifndef AUFS_H
#define AUFS_H

#include "aufs_state.h"

void aufs_init(struct aufs *aufs);

/* `flags` are MS_*.  Afterwards it must be served, or nobody gets an answer. */
int aufs_mount(struct aufs *aufs, const char *source, const char *target,
	       unsigned long flags);
/*
 * The same, mounted nowhere yet: a descriptor for move_mount(2), or -1.
 * `attributes` are MOUNT_ATTR_*.  Whoever moves it may give it to somebody who
 * must not change its branches: they stay as they are, and are not shown.
 */
int aufs_mount_detached(struct aufs *aufs, const char *source,
			unsigned int attributes);
int aufs_serve(struct aufs *aufs);
void aufs_free(struct aufs *aufs);

#endif
