/*
 * aufs_node.h - what the kernel knows of the union, one node an inode.
 *
 * A node holds what it stands for by O_PATH descriptors, so that it stays what
 * it is whatever becomes of the names: renamed, or deleted while open.  A file
 * is in one branch.  A directory is in every branch that has one at its place,
 * down to where an opaque one or a whiteout ends it: its layers.
 *
 * Nodes are found again by the device and inode number of their topmost
 * object: so two names of one file are one node.  When a file is copied up its
 * node moves to the copy, and keeps the inode number that it was seen with.
 *
 * Locks.  `tree` of struct aufs is held by everyone who uses a node, shared;
 * who changes layers, or names in the union, holds it alone.  The table, the
 * counts and the aliases have a lock of their own, so that the others may look
 * nodes up and forget them side by side.
 */
#ifndef AUFS_NODE_H
#define AUFS_NODE_H

#include <pthread.h>
#include <sys/stat.h>

#include "aufs_branch.h"
#include "aufs_listing.h"
#include "aufs_number.h"

/* A name that a node was looked up by. */
struct alias {
	struct alias *next;
	struct node *parent;
	char name[];
};

struct node {
	struct node *next; /* of its chain in the table */
	dev_t dev;
	ino_t real; /* of its topmost object, with dev: the key */
	uint64_t ino; /* as seen in the union, for as long as it is mounted */
	mode_t type;  /* S_IFMT */
	uint64_t lookups; /* by the kernel, until it forgets */
	unsigned int references; /* by children, handles, us */
	struct alias *aliases; /* a directory has one, the root none */
	unsigned int layer_count;
	struct layer *layers, one;
	bool ends; /* a directory below which no branch is looked into */
	bool copying; /* its data are on their way up */
	bool is_gone; /* it has no name any more, if its object has one still */
	struct handle *handles; /* those open now */
	struct listing *listing; /* of a directory, as last read, or NULL */
	struct listing *told; /* the one that the kernel has in its cache */
	time_t told_at;
	struct stat seen; /* the file when it was last opened */
	int backing; /* id for passthrough, while any handle has it */
	unsigned int backed, cached; /* handles with it, and without */
};

/* All nodes, and their numbers. */
struct nodes {
	pthread_mutex_t lock;
	struct node **chains;
	size_t chain_count, count;
	size_t descriptors, descriptors_wanted; /* now; no more than that */
	pthread_cond_t crowded;
	struct node root;
	struct numbers numbers;
};

void nodes_init(struct nodes *nodes);
/* All of them, whoever holds them still: the kernel has gone. */
void nodes_free(struct nodes *nodes);

/*
 * The node of these layers (which it takes over) with the topmost one's
 * `stat`, found or made.  A node that was there keeps its own layers: then
 * the new descriptors are closed.  `*differs` says that the two are not the
 * same directories.  The caller owns a reference.
 */
struct node *node_get(struct nodes *nodes, const struct layer *layers,
		      unsigned int count, bool ends, const struct stat *st,
		      bool *differs);
/* The node of that file or directory, with a reference; NULL if nobody has
 * looked it up. */
struct node *node_find(struct nodes *nodes, const struct stat *st);
/* One more, or one less: the last one frees it. */
void node_hold(struct nodes *nodes, struct node *node);
void node_drop(struct nodes *nodes, struct node *node);
/* The kernel has looked it up, or forgets so many lookups. */
void node_looked_up(struct nodes *nodes, struct node *node);
void node_forget(struct nodes *nodes, struct node *node, uint64_t lookups);

/* It is found by that name, too; or no more.  (A directory: only by that.) */
void node_add_alias(struct nodes *nodes, struct node *node,
		    struct node *parent, const char *name);
void node_remove_alias(struct nodes *nodes, struct node *node,
		       const struct node *parent, const char *name);

/* With `tree` held alone: other layers, under the key of the new topmost. */
void node_replace(struct nodes *nodes, struct node *node,
		  const struct layer *layers, unsigned int count, bool ends,
		  const struct stat *st);

/* With `tree` held alone: something in the directory is not where its listing
 * says.  A name may have come or gone, or been copied to another layer. */
void node_forget_listing(struct nodes *nodes, struct node *dir);

static inline bool
nodes_are_crowded(const struct nodes *nodes)
{
	return nodes->descriptors > nodes->descriptors_wanted;
}

/* The kernel's name for it. */
static inline uint64_t
node_id(const struct nodes *nodes, const struct node *node)
{
	return node == &nodes->root ? 1 : (uint64_t)(uintptr_t)node;
}

static inline struct node *
node_of(struct nodes *nodes, uint64_t id)
{
	return id == 1 ? &nodes->root : (struct node *)(uintptr_t)id;
}

static inline bool
node_is_directory(const struct node *node)
{
	return S_ISDIR(node->type);
}

#endif
