/*
 * aufs_forget.h - asking the kernel to forget names.
 *
 * It remembers what it has looked up, and as long as it does a node holds
 * descriptors here.  When they run short, or when a branch has come or gone,
 * it is told which names to forget; what it uses at the moment, it keeps, but
 * what is mounted there is unmounted (d_invalidate() in the kernel).
 */
#ifndef AUFS_FORGET_H
#define AUFS_FORGET_H

#include "aufs_state.h"

struct known_name {
	uint64_t parent;
	char *name;
};

struct known_names {
	struct known_name *all;
	size_t count, room;
};

/* All names of the node.  (The table's lock, or `tree` alone, is held.) */
void forget_collect(struct aufs *aufs, const struct node *node,
		    struct known_names *names);
/* Tell the kernel, without any lock; frees them. */
void forget_names(struct aufs *aufs, struct known_names *names);

/* A thread that does it, with files, whenever the nodes hold too many
 * descriptors. */
int forget_start(struct aufs *aufs);
void forget_stop(struct aufs *aufs);

#endif
