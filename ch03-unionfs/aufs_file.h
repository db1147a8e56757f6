/*
 * aufs_file.h - open files: reading, writing, and what else is done with them.
 *
 * A file of a read-only branch that is opened to be written is not copied up
 * by that, but by the first write.  Until then its handle reads the original.
 * When the copy is there, every handle of the node is moved to it: a reader
 * who had opened the file before sees what is written from then on.
 */
#ifndef AUFS_FILE_H
#define AUFS_FILE_H

#include "aufs.h"

struct handle {
	struct handle *next; /* of its node */
	struct node *node;
	int fd;
	int flags;   /* of open(2), as asked for */
	bool backed; /* the kernel reads and writes it by itself */
};

/* With `tree` held alone: all handles of the node to its present object. */
int file_reopen_all(const struct node *node);

/*
 * Open the node for a request, and answer `out`.  With `fd` >= 0 it is open
 * already (and taken over).  The `tree` lock is held, shared or alone.
 */
int file_open(struct aufs *aufs, struct node *node, int flags, int fd,
	      struct fuse_open_out *out);

ssize_t file_op_open(struct fuse_request *request);
ssize_t file_op_read(struct fuse_request *request);
ssize_t file_op_write(struct fuse_request *request);
ssize_t file_op_release(struct fuse_request *request);
ssize_t file_op_fsync(struct fuse_request *request);
ssize_t file_op_fallocate(struct fuse_request *request);
ssize_t file_op_lseek(struct fuse_request *request);
ssize_t file_op_copy_file_range(struct fuse_request *request);

#endif
