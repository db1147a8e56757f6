/*
 * aufs_handle.h - what an open file is here.
 *
 * A file of a read-only branch that is opened to be written is not copied up
 * by that, but by the first write.  Until then its handle reads the original.
 * When the copy is there, every handle of the node is moved to it: a reader
 * who had opened the file before sees what is written from then on.
 */
#ifndef AUFS_HANDLE_H
#define AUFS_HANDLE_H

#include "aufs_node.h"

struct handle {
	struct handle *next; /* of its node */
	struct node *node;
	int fd;
	int flags;   /* of open(2), as asked for */
	bool backed; /* the kernel reads and writes it by itself */
};

/* Is the object where it may be written?  (Any that is not can be read.) */
bool handle_is_up(const struct node *node);

/* Open the node's object with what of these flags is its business. */
int handle_open_object(const struct node *node, int flags);

/* With `tree` held alone: all handles of the node to its present object. */
int handle_move_all(const struct node *node);

/* When nobody will say any more that it is closed: the kernel has gone. */
void handle_close_all(struct nodes *nodes);

#endif
