/* aufs_attr.h - attributes: those of stat(2) and the extended ones. */
#ifndef AUFS_ATTR_H
#define AUFS_ATTR_H

#include "aufs_state.h"

/* The answer's part that is about the node; `tree` is held.  `known` is what
 * fstat(2) has just said of it, or NULL. */
int attr_get(struct aufs *aufs, const struct node *node,
	     const struct stat *known, struct fuse_attr *attr);
/* For how many seconds the kernel may believe it. */
uint64_t attr_seconds(const struct aufs *aufs);

/* Somebody without privilege has written: no set-user-ID bits any more. */
void attr_kill_privileges(const struct node *node);

ssize_t attr_op_getattr(struct fuse_request *request);
ssize_t attr_op_setattr(struct fuse_request *request);
ssize_t attr_op_getxattr(struct fuse_request *request);
ssize_t attr_op_listxattr(struct fuse_request *request);
ssize_t attr_op_setxattr(struct fuse_request *request);
ssize_t attr_op_removexattr(struct fuse_request *request);
ssize_t attr_op_statfs(struct fuse_request *request);

#endif
