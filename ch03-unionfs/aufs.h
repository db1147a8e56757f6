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
 * The parts, each in files of its own: branches, whiteouts, nodes, listings,
 * pseudo-links, look-up, copy-up, and the operations: names, files,
 * attributes, directories.
 */
#ifndef AUFS_H
#define AUFS_H

#include <pthread.h>

#include "aufs_branch.h"
#include "aufs_node.h"
#include "aufs_plink.h"
#include "fuse_wire.h"

/* How soon a change made in a branch directly is seen (udba=). */
enum aufs_udba { AUFS_UDBA_REVAL, AUFS_UDBA_NONE };

/* Which of several writable branches takes a new file (create=). */
enum aufs_create { AUFS_CREATE_TDP, AUFS_CREATE_RR };

struct aufs {
	struct fuse fuse;
	pthread_rwlock_t tree; /* see aufs_node.h */
	struct branch *branches[AUFS_BRANCHES_MAX];
	int branch_count, next_id;
	struct nodes nodes;
	struct plinks plinks;
	enum aufs_udba udba;
	enum aufs_create create;
	unsigned long created; /* so many, for rr */
	bool show_whiteouts, always_opaque, copy_on_open, no_plinks;
	uint64_t si; /* of this mount: "si_%016lx" */
	char *target; /* absolute */
	char *listing; /* the directory with br0, ... (aufs_show.h) */
	int listing_fd;
	pthread_t forgetting; /* aufs_forget.h */
	bool is_over;
	pthread_mutex_t copies; /* of node->copying */
	pthread_cond_t copied;
};

void aufs_init(struct aufs *aufs);

/* The options of a mount: "dirs=", "br:", "udba=", ... (aufs_options.h). */
int aufs_set_options(struct aufs *aufs, const char *options);

/* `flags` are MS_*.  Afterwards it must be served, or nobody gets an answer. */
int aufs_mount(struct aufs *aufs, const char *source, const char *target,
	       unsigned long flags);
int aufs_serve(struct aufs *aufs);
void aufs_free(struct aufs *aufs);

/* With `tree` held alone: the branches are the root's layers. */
int aufs_make_root(struct aufs *aufs);

#endif
