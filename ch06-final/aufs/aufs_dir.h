/* aufs_dir.h - open directories. */
#ifndef AUFS_DIR_H
#define AUFS_DIR_H

#include "aufs_state.h"

ssize_t dir_op_opendir(struct fuse_request *request);
ssize_t dir_op_readdir(struct fuse_request *request);
ssize_t dir_op_readdirplus(struct fuse_request *request);
ssize_t dir_op_releasedir(struct fuse_request *request);
ssize_t dir_op_fsyncdir(struct fuse_request *request);

/* When nobody will say any more that they are closed: the kernel has gone. */
void dir_close_all(struct aufs *aufs);

#endif
