/*
 * aufs_state.h - a mounted aufs, as its parts know it.
 */
#ifndef AUFS_STATE_H
#define AUFS_STATE_H

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
	struct directory *directories; /* open ones, aufs_dir.c */
	enum aufs_udba udba;
	enum aufs_create create;
	unsigned long created; /* so many, for rr */
	bool show_whiteouts, always_opaque, copy_on_open, no_plinks;
	bool is_sealed; /* no remounts: aufs_mount_detached() */
	uint64_t si; /* of this mount: "si_%016lx" */
	char *target; /* absolute */
	char *listing; /* the directory with br0, ... (aufs_show.h) */
	int listing_fd;
	pthread_t forgetting; /* aufs_forget.h */
	bool is_over;
	pthread_mutex_t copies; /* of node->copying */
	pthread_cond_t copied;
};

/* The file system that a request is for, and the node that it names. */
static inline struct aufs *
aufs_of(const struct fuse_request *request)
{
	return request->fuse->data;
}

static inline struct node *
node_asked(const struct fuse_request *request)
{
	return node_of(&aufs_of(request)->nodes, request->in->nodeid);
}

#endif
