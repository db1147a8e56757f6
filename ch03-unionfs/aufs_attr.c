/* aufs_attr.c - see aufs_attr.h. */
#include "aufs_attr.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "aufs_copy.h"
#include "aufs_copyup.h"
#include "aufs_whiteout.h"

#define FOR_EVER (10ULL * 365 * 24 * 3600)

/* ---- reading them ------------------------------------------------------ */

uint64_t
attr_seconds(const struct aufs *aufs)
{
	return aufs->udba == AUFS_UDBA_NONE ? FOR_EVER : 1;
}

/* All directories' that are seen as one: find(1) counts on not too few. */
static nlink_t
count_subdirectories(const struct node *node, nlink_t top)
{
	struct stat st;
	nlink_t links = top;
	for (unsigned int i = 1; i < node->layer_count; i++)
		if (fstat(node->layers[i].fd, &st) == 0 && st.st_nlink > 2)
			links += st.st_nlink - 2;
	return links;
}

static nlink_t
count_links(struct aufs *aufs, const struct node *node, const struct stat *st)
{
	if (node->is_gone)
		return 0;
	if (node_is_directory(node))
		return count_subdirectories(node, st->st_nlink);
	return st->st_nlink < 2 ? st->st_nlink :
				  plink_count_names(&aufs->plinks, st,
						    node->layers[0].branch);
}

int
attr_get(struct aufs *aufs, const struct node *node, const struct stat *known,
	 struct fuse_attr *attr)
{
	struct stat st;
	if (known)
		st = *known;
	else if (fstat(node->layers[0].fd, &st) < 0)
		return -errno;
	*attr = (struct fuse_attr){
		.ino = node->ino,
		.size = st.st_size,
		.blocks = st.st_blocks,
		.atime = st.st_atim.tv_sec,
		.mtime = st.st_mtim.tv_sec,
		.ctime = st.st_ctim.tv_sec,
		.atimensec = st.st_atim.tv_nsec,
		.mtimensec = st.st_mtim.tv_nsec,
		.ctimensec = st.st_ctim.tv_nsec,
		.mode = st.st_mode,
		.nlink = count_links(aufs, node, &st),
		.uid = st.st_uid,
		.gid = st.st_gid,
		.rdev = st.st_rdev, /* glibc's low 32 bits are the kernel's */
		.blksize = st.st_blksize,
	};
	return 0;
}

static ssize_t
answer_attr(struct fuse_request *request, const struct node *node)
{
	struct aufs *aufs = aufs_of(request);
	struct fuse_attr_out *out = (void *)request->out;
	*out = (struct fuse_attr_out){ .attr_valid = attr_seconds(aufs) };
	int result = attr_get(aufs, node, NULL, &out->attr);
	return result < 0 ? result : (ssize_t)sizeof(*out);
}

ssize_t
attr_op_getattr(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	pthread_rwlock_rdlock(&aufs->tree);
	ssize_t result = answer_attr(request, node_asked(request));
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* ---- changing them ----------------------------------------------------- */

void
attr_kill_privileges(const struct node *node)
{
	struct stat st;
	int fd = node->layers[0].fd;
	if (!S_ISREG(node->type) || fstat(fd, &st) < 0)
		return;
	mode_t kept = st.st_mode & ~S_ISUID;
	if (st.st_mode & S_IXGRP) /* without it, it means something else */
		kept &= ~S_ISGID;
	if (kept != st.st_mode)
		chmod(fd_path(fd).text, kept & 07777);
}

static int
change_owner(int fd, const struct fuse_setattr_in *in)
{
	uid_t uid = in->valid & FATTR_UID ? in->uid : (uid_t)-1;
	gid_t gid = in->valid & FATTR_GID ? in->gid : (gid_t)-1;
	return fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
}

static struct timespec
time_asked(const struct fuse_setattr_in *in, uint32_t given, uint32_t now,
	   uint64_t seconds, uint32_t nanoseconds)
{
	struct timespec time = { .tv_sec = seconds, .tv_nsec = nanoseconds };
	if (in->valid & now)
		time.tv_nsec = UTIME_NOW;
	else if (!(in->valid & given))
		time.tv_nsec = UTIME_OMIT;
	return time;
}

static int
change_times(const char *path, const struct fuse_setattr_in *in)
{
	struct timespec times[] = {
		time_asked(in, FATTR_ATIME, FATTR_ATIME_NOW, in->atime,
			   in->atimensec),
		time_asked(in, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime,
			   in->mtimensec),
	};
	return utimensat(AT_FDCWD, path, times, 0);
}

#define CHANGES                                                               \
	(FATTR_MODE | FATTR_UID | FATTR_GID | FATTR_SIZE | FATTR_ATIME |      \
	 FATTR_MTIME)

/*
 * With no change at all the kernel means that set-user-ID bits are to go: by
 * chown(2) of nothing, or because of a write that did not come by here.  By
 * such a chown we tell the branch the same.
 */
static int
change(const struct node *node, const struct fuse_setattr_in *in)
{
	int fd = node->layers[0].fd;
	struct fd_path path = fd_path(fd);
	if (((in->valid & (FATTR_UID | FATTR_GID)) ||
	     !(in->valid & CHANGES)) && change_owner(fd, in) < 0)
		return -errno;
	if ((in->valid & FATTR_MODE) && chmod(path.text, in->mode & 07777) < 0)
		return -errno;
	if ((in->valid & FATTR_SIZE) && truncate(path.text, in->size) < 0)
		return -errno;
	if (in->valid & FATTR_KILL_SUIDGID)
		attr_kill_privileges(node);
	if ((in->valid & (FATTR_ATIME | FATTR_MTIME)) &&
	    change_times(path.text, in) < 0)
		return -errno;
	return 0;
}

ssize_t
attr_op_setattr(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_setattr_in *in = (const void *)request->arg;
	struct node *node = node_asked(request);
	ssize_t result = copyup(aufs, node, in->valid & FATTR_SIZE ?
						    in->size : UINT64_MAX);
	if (result < 0)
		return result;
	pthread_rwlock_rdlock(&aufs->tree);
	result = change(node, in);
	if (result == 0)
		result = answer_attr(request, node);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* ---- extended ones ----------------------------------------------------- */

/* The value, or how long it is: as the room for it says. */
static ssize_t
answer_value(struct fuse_request *request, size_t room, ssize_t size)
{
	if (room > 0 || size < 0)
		return size;
	struct fuse_getxattr_out *out = (void *)request->out;
	*out = (struct fuse_getxattr_out){ .size = size };
	return sizeof(*out);
}

ssize_t
attr_op_getxattr(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_getxattr_in *in = (const void *)request->arg;
	const char *name = request->arg + sizeof(*in);
	if (in->size > FUSE_DATA_MAX)
		return -E2BIG;
	pthread_rwlock_rdlock(&aufs->tree);
	struct fd_path path = fd_path(node_asked(request)->layers[0].fd);
	ssize_t size = getxattr(path.text, name, request->out, in->size);
	int code = errno;
	pthread_rwlock_unlock(&aufs->tree);
	return size < 0 ? -code : answer_value(request, in->size, size);
}

/* Names that only root sees are not for others. */
static ssize_t
leave_out_trusted(char *names, ssize_t size)
{
	ssize_t kept = 0;
	for (ssize_t at = 0, length; at < size; at += length) {
		length = strlen(names + at) + 1;
		if (strncmp(names + at, "trusted.", 8) == 0)
			continue;
		memmove(names + kept, names + at, length);
		kept += length;
	}
	return kept;
}

/* All of them are read, also where only their length was asked for. */
ssize_t
attr_op_listxattr(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_getxattr_in *in = (const void *)request->arg;
	pthread_rwlock_rdlock(&aufs->tree);
	struct fd_path path = fd_path(node_asked(request)->layers[0].fd);
	ssize_t size = listxattr(path.text, request->out, FUSE_DATA_MAX);
	int code = errno;
	pthread_rwlock_unlock(&aufs->tree);
	if (size < 0)
		return -code;
	if (request->in->uid != 0)
		size = leave_out_trusted(request->out, size);
	return in->size > 0 && size > in->size ?
		       -ERANGE : answer_value(request, in->size, size);
}

static int
clear_set_group_id(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return -errno;
	return chmod(path, st.st_mode & 07777 & ~S_ISGID) < 0 ? -errno : 0;
}

ssize_t
attr_op_setxattr(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_setxattr_in *in = (const void *)request->arg;
	const char *name = request->arg + sizeof(*in);
	struct node *node = node_asked(request);
	int result = copyup(aufs, node, UINT64_MAX);
	if (result < 0)
		return result;
	pthread_rwlock_rdlock(&aufs->tree);
	struct fd_path path = fd_path(node->layers[0].fd);
	if (setxattr(path.text, name, name + strlen(name) + 1, in->size,
		     in->flags) < 0)
		result = -errno;
	else if (in->setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID)
		result = clear_set_group_id(path.text);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

ssize_t
attr_op_removexattr(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	struct node *node = node_asked(request);
	int result = copyup(aufs, node, UINT64_MAX);
	if (result < 0)
		return result;
	pthread_rwlock_rdlock(&aufs->tree);
	if (removexattr(fd_path(node->layers[0].fd).text, request->arg) < 0)
		result = -errno;
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* ---- the file system --------------------------------------------------- */

ssize_t
attr_op_statfs(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	struct fuse_statfs_out *out = (void *)request->out;
	struct statvfs fs;
	pthread_rwlock_rdlock(&aufs->tree);
	int result = fstatvfs(aufs->branches[0]->fd, &fs) < 0 ? -errno : 0;
	pthread_rwlock_unlock(&aufs->tree);
	if (result < 0)
		return result;
	*out = (struct fuse_statfs_out){ .st = {
		.blocks = fs.f_blocks,
		.bfree = fs.f_bfree,
		.bavail = fs.f_bavail,
		.files = fs.f_files,
		.ffree = fs.f_ffree,
		.bsize = fs.f_bsize,
		.frsize = fs.f_frsize,
		.namelen = AUFS_NAME_MAX,
	} };
	return sizeof(*out);
}
