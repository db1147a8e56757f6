/* aufs_file.c - see aufs_file.h. */
#include "aufs_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs_attr.h"
#include "aufs_copyup.h"
#include "aufs_handle.h"

static bool
writes(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

/* ---- opening ----------------------------------------------------------- */

static bool
is_as_seen(const struct stat *seen, const struct stat *now)
{
	return seen->st_size == now->st_size &&
	       seen->st_mtim.tv_sec == now->st_mtim.tv_sec &&
	       seen->st_mtim.tv_nsec == now->st_mtim.tv_nsec &&
	       seen->st_ctim.tv_sec == now->st_ctim.tv_sec &&
	       seen->st_ctim.tv_nsec == now->st_ctim.tv_nsec &&
	       seen->st_ino == now->st_ino;
}

/*
 * May the kernel do without us?  All handles of a file must agree: so one that
 * is opened while others go by us goes by us, too (fuse-passthrough.rst).  And
 * it leaves to us to take away set-user-ID bits when somebody writes.
 */
static bool
use_backing(struct aufs *aufs, struct node *node, int fd)
{
	if (!aufs->fuse.passthrough || node->cached > 0 ||
	    !handle_is_up(node) || !S_ISREG(node->type))
		return false;
	if (node->backed == 0 && (node->seen.st_mode & (S_ISUID | S_ISGID)))
		return false;
	if (node->backed == 0)
		node->backing = fuse_backing_open(&aufs->fuse, fd);
	return node->backing > 0;
}

static void
enter(struct aufs *aufs, struct handle *handle, struct fuse_open_out *out)
{
	struct node *node = handle->node;
	pthread_mutex_lock(&aufs->nodes.lock);
	node->references++;
	handle->backed = use_backing(aufs, node, handle->fd);
	if (handle->backed) {
		node->backed++;
		out->open_flags = FOPEN_PASSTHROUGH;
		out->padding = node->backing; /* backing_id since 7.40 */
	} else {
		node->cached++;
	}
	handle->next = node->handles;
	node->handles = handle;
	pthread_mutex_unlock(&aufs->nodes.lock);
}

/* What the kernel has cached of it: is that still so? */
static void
check_cache(struct aufs *aufs, struct node *node, const struct stat *st,
	    struct fuse_open_out *out)
{
	pthread_mutex_lock(&aufs->nodes.lock);
	bool is_same = is_as_seen(&node->seen, st);
	bool was_seen = node->seen.st_ino != 0;
	node->seen = *st;
	pthread_mutex_unlock(&aufs->nodes.lock);
	if (is_same)
		out->open_flags = FOPEN_KEEP_CACHE;
	else if (was_seen)
		fuse_forget_attributes(&aufs->fuse,
				       node_id(&aufs->nodes, node));
}

int
file_open(struct aufs *aufs, struct node *node, int flags, int fd,
	  struct fuse_open_out *out)
{
	struct stat st;
	auto_close int real = fd >= 0 ? fd : handle_open_object(node, flags);
	if (real < 0 || fstat(real, &st) < 0)
		return -errno;
	/* Deleted in the branch itself: the kernel looks the name up again. */
	if (st.st_nlink == 0 && node->aliases && fd < 0)
		return -ESTALE;
	*out = (struct fuse_open_out){ 0 };
	check_cache(aufs, node, &st, out);
	struct handle *handle = new_bytes(sizeof(*handle));
	*handle = (struct handle){ .node = node, .flags = flags,
				   .fd = take_fd(&real) };
	enter(aufs, handle, out);
	out->fh = (uint64_t)(uintptr_t)handle;
	return 0;
}

static bool
can_go_up(const struct aufs *aufs, const struct node *node)
{
	for (int i = 0; i <= node->layers[0].branch->index; i++)
		if (branch_is_writable(aufs->branches[i]))
			return true;
	return false;
}

/* Before it is opened: a truncation is a write, and some branches want it. */
static int
prepare(struct aufs *aufs, struct node *node, int flags)
{
	pthread_rwlock_rdlock(&aufs->tree);
	bool has_to = (writes(flags) || (flags & O_TRUNC)) &&
		      !handle_is_up(node);
	bool can = can_go_up(aufs, node);
	bool on_open = aufs->copy_on_open || node->layers[0].branch->on_open;
	pthread_rwlock_unlock(&aufs->tree);
	if (!has_to)
		return 0;
	if (!can)
		return -EROFS;
	if (flags & O_TRUNC)
		return copyup(aufs, node, 0);
	return on_open ? copyup(aufs, node, UINT64_MAX) : 0;
}

ssize_t
file_op_open(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_open_in *in = (const void *)request->arg;
	struct node *node = node_of(&aufs->nodes, request->in->nodeid);
	struct fuse_open_out *out = (void *)request->out;
	int result = prepare(aufs, node, in->flags);
	if (result < 0)
		return result;
	pthread_rwlock_rdlock(&aufs->tree);
	if ((in->flags & O_TRUNC) && (in->open_flags & FUSE_OPEN_KILL_SUIDGID))
		attr_kill_privileges(node);
	result = file_open(aufs, node, in->flags, -1, out);
	pthread_rwlock_unlock(&aufs->tree);
	return result < 0 ? result : (ssize_t)sizeof(*out);
}

ssize_t
file_op_release(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_release_in *in = (const void *)request->arg;
	struct handle *handle = (void *)(uintptr_t)in->fh;
	struct node *node = handle->node;
	/* Shared: copy-up may be going through the handles. */
	pthread_rwlock_rdlock(&aufs->tree);
	pthread_mutex_lock(&aufs->nodes.lock);
	struct handle **at = &node->handles;
	while (*at != handle)
		at = &(*at)->next;
	*at = handle->next;
	if (!handle->backed)
		node->cached--;
	else if (--node->backed == 0)
		fuse_backing_close(&aufs->fuse, node->backing);
	/* What was written through it is what the kernel has cached. */
	if (writes(handle->flags) && !handle->backed)
		fstat(handle->fd, &node->seen);
	pthread_mutex_unlock(&aufs->nodes.lock);
	pthread_rwlock_unlock(&aufs->tree);
	close(handle->fd);
	free(handle);
	node_drop(&aufs->nodes, node);
	return 0;
}

/* ---- data -------------------------------------------------------------- */

ssize_t
file_op_read(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_read_in *in = (const void *)request->arg;
	const struct handle *handle = (void *)(uintptr_t)in->fh;
	fuse_let_others();
	pthread_rwlock_rdlock(&aufs->tree);
	ssize_t result = fuse_answer_from(request, handle->fd, in->offset,
					  in->size);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* The handle's node goes up first, if it has to; then `tree` is held. */
static int
begin_write(struct aufs *aufs, struct node *node)
{
	for (;;) {
		pthread_rwlock_rdlock(&aufs->tree);
		if (handle_is_up(node))
			return 0;
		pthread_rwlock_unlock(&aufs->tree);
		int result = copyup(aufs, node, UINT64_MAX);
		if (result < 0)
			return result;
	}
}

ssize_t
file_op_write(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_write_in *in = (const void *)request->arg;
	struct fuse_write_out *out = (void *)request->out;
	const struct handle *handle = (void *)(uintptr_t)in->fh;
	fuse_let_others();
	int result = begin_write(aufs, handle->node);
	if (result < 0)
		return result;
	ssize_t done = pwrite(handle->fd, request->arg + sizeof(*in),
			      in->size, in->offset);
	int code = errno;
	if (done >= 0 && (in->write_flags & FUSE_WRITE_KILL_SUIDGID))
		attr_kill_privileges(handle->node);
	pthread_rwlock_unlock(&aufs->tree);
	if (done < 0)
		return -code;
	*out = (struct fuse_write_out){ .size = done };
	return sizeof(*out);
}

ssize_t
file_op_fsync(struct fuse_request *request)
{
	const struct fuse_fsync_in *in = (const void *)request->arg;
	const struct handle *handle = (void *)(uintptr_t)in->fh;
	fuse_let_others();
	int result = in->fsync_flags & FUSE_FSYNC_FDATASYNC ?
			     fdatasync(handle->fd) :
			     fsync(handle->fd);
	return result < 0 ? -errno : 0;
}

/* Where the kernel does not say that whoever asks may not keep them. */
static void
kill_privileges(const struct fuse_request *request, const struct node *node)
{
	if (request->in->uid != 0)
		attr_kill_privileges(node);
}

ssize_t
file_op_fallocate(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_fallocate_in *in = (const void *)request->arg;
	const struct handle *handle = (void *)(uintptr_t)in->fh;
	fuse_let_others();
	int result = begin_write(aufs, handle->node);
	if (result < 0)
		return result;
	if (fallocate(handle->fd, in->mode, in->offset, in->length) < 0)
		result = -errno;
	else
		kill_privileges(request, handle->node);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

ssize_t
file_op_lseek(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_lseek_in *in = (const void *)request->arg;
	struct fuse_lseek_out *out = (void *)request->out;
	const struct handle *handle = (void *)(uintptr_t)in->fh;
	pthread_rwlock_rdlock(&aufs->tree);
	off_t offset = lseek(handle->fd, in->offset, in->whence);
	int code = errno;
	pthread_rwlock_unlock(&aufs->tree);
	if (offset < 0)
		return -code;
	*out = (struct fuse_lseek_out){ .offset = offset };
	return sizeof(*out);
}

ssize_t
file_op_copy_file_range(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_copy_file_range_in *in = (const void *)request->arg;
	struct fuse_write_out *out = (void *)request->out;
	const struct handle *from = (void *)(uintptr_t)in->fh_in;
	const struct handle *to = (void *)(uintptr_t)in->fh_out;
	off_t in_offset = in->off_in, out_offset = in->off_out;
	fuse_let_others();
	int result = begin_write(aufs, to->node);
	if (result < 0)
		return result;
	ssize_t done = copy_file_range(from->fd, &in_offset, to->fd,
				       &out_offset, in->len, in->flags);
	int code = errno;
	if (done > 0)
		kill_privileges(request, to->node);
	pthread_rwlock_unlock(&aufs->tree);
	if (done < 0)
		return -code;
	*out = (struct fuse_write_out){ .size = done };
	return sizeof(*out);
}
