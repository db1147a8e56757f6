/* aufs_names.h - names: looked up, made, removed. */
#ifndef AUFS_NAMES_H
#define AUFS_NAMES_H

#include "aufs_state.h"
#include "aufs_union.h"

/* Answer with the node, which the kernel has looked up by that; `tree` is
 * held.  Takes over the caller's reference.  `known`: as for attr_get(). */
ssize_t names_answer(struct fuse_request *request, struct node *node,
		     const struct stat *known, struct fuse_entry_out *out);

/*
 * What is made until names_as_daemon() is made as who asks: the owner, and
 * what of the mode the umask leaves.  Privileges stay ours (they were checked
 * by the kernel, against what the union shows).
 */
void names_as_caller(const struct fuse_request *request, mode_t umask_asked);
void names_as_daemon(void);

/* With `tree` held alone: a name is none any more, of what was in the branch
 * and like that before. */
void names_gone(struct aufs *aufs, struct node *dir, const char *name,
		const struct branch *branch, const struct stat *before);

/* ENOTEMPTY, if something can be seen in the directory that was found. */
int names_expect_empty(struct aufs *aufs, const struct found *found);

ssize_t names_op_lookup(struct fuse_request *request);
ssize_t names_op_forget(struct fuse_request *request);
ssize_t names_op_batch_forget(struct fuse_request *request);
ssize_t names_op_readlink(struct fuse_request *request);
ssize_t names_op_mknod(struct fuse_request *request);
ssize_t names_op_mkdir(struct fuse_request *request);
ssize_t names_op_symlink(struct fuse_request *request);
ssize_t names_op_link(struct fuse_request *request);
ssize_t names_op_create(struct fuse_request *request);
ssize_t names_op_tmpfile(struct fuse_request *request);
ssize_t names_op_unlink(struct fuse_request *request);
ssize_t names_op_rmdir(struct fuse_request *request);
ssize_t names_op_rename(struct fuse_request *request);	/* aufs_rename.c */
ssize_t names_op_rename2(struct fuse_request *request);

#endif
