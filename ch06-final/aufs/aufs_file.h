/* aufs_file.h - open files: reading, writing, and what else is done. */
#ifndef AUFS_FILE_H
#define AUFS_FILE_H

#include "aufs_state.h"

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
