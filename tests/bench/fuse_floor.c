/*
 * fuse_floor.c - the least that FUSE costs: `fuse_floor UPPER LOWER MOUNT`
 * shows the tree LOWER at MOUNT, and removes a file by a link(2) of one
 * whiteout into UPPER.  Nothing else is done for it: nothing looked up,
 * checked, or locked.  What rm(1) takes here is the kernel's half of FUSE, and
 * the way there and back.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse_wire.h"

#define BASE ".wh..wh.aufs"

struct node {
	int fd, up; /* of a directory, below and in UPPER; -1: a file */
	struct stat st;
};

static int upper;
static struct node root = { .fd = -1, .up = -1 };

static struct node *
node_of(uint64_t id)
{
	return id == 1 ? &root : (struct node *)(uintptr_t)id;
}

static void
fill(const struct stat *st, struct fuse_attr *attr)
{
	*attr = (struct fuse_attr){
		.ino = st->st_ino, .size = st->st_size,
		.blocks = st->st_blocks, .atime = st->st_atim.tv_sec,
		.mtime = st->st_mtim.tv_sec, .ctime = st->st_ctim.tv_sec,
		.mode = st->st_mode, .nlink = st->st_nlink,
		.uid = st->st_uid, .gid = st->st_gid,
		.blksize = st->st_blksize,
	};
}

/* As LOOKUP answers; a directory is made in UPPER, too, to be there in time. */
static int
find(const struct node *dir, const char *name, struct fuse_entry_out *out)
{
	struct node *node = new_bytes(sizeof(*node));
	*node = (struct node){ .fd = -1, .up = -1 };
	if (fstatat(dir->fd, name, &node->st, AT_SYMLINK_NOFOLLOW) < 0) {
		free(node);
		return -errno;
	}
	if (S_ISDIR(node->st.st_mode)) {
		node->fd = openat(dir->fd, name, O_PATH | O_CLOEXEC);
		mkdirat(dir->up, name, 0755);
		node->up = openat(dir->up, name, O_PATH | O_CLOEXEC);
	}
	*out = (struct fuse_entry_out){ .nodeid = (uintptr_t)node,
					.entry_valid = 1,
					.attr_valid = 1 };
	fill(&node->st, &out->attr);
	return 0;
}

static ssize_t
op_lookup(struct fuse_request *request)
{
	struct fuse_entry_out *out = (void *)request->out;
	int result = find(node_of(request->in->nodeid), request->arg, out);
	return result < 0 ? result : (ssize_t)sizeof(*out);
}

static void
forget(struct node *node)
{
	if (node == &root)
		return;
	if (node->fd >= 0) {
		close(node->fd);
		close(node->up);
	}
	free(node);
}

static ssize_t
op_forget(struct fuse_request *request)
{
	forget(node_of(request->in->nodeid));
	return FUSE_SILENT;
}

static ssize_t
op_batch_forget(struct fuse_request *request)
{
	const struct fuse_batch_forget_in *in = (const void *)request->arg;
	const struct fuse_forget_one *one = (const void *)(in + 1);
	for (uint32_t i = 0; i < in->count; i++)
		forget(node_of(one[i].nodeid));
	return FUSE_SILENT;
}

static ssize_t
op_getattr(struct fuse_request *request)
{
	const struct node *node = node_of(request->in->nodeid);
	struct fuse_attr_out *out = (void *)request->out;
	*out = (struct fuse_attr_out){ .attr_valid = 1 };
	fill(&node->st, &out->attr);
	return sizeof(*out);
}

static ssize_t
op_opendir(struct fuse_request *request)
{
	const struct node *node = node_of(request->in->nodeid);
	struct fuse_open_out *out = (void *)request->out;
	DIR *dir = fdopendir(openat(node->fd, ".", O_RDONLY | O_CLOEXEC));
	if (!dir)
		return -errno;
	*out = (struct fuse_open_out){ .fh = (uintptr_t)dir };
	return sizeof(*out);
}

static ssize_t
op_releasedir(struct fuse_request *request)
{
	const struct fuse_release_in *in = (const void *)request->arg;
	closedir((DIR *)(uintptr_t)in->fh);
	return 0;
}

static ssize_t
op_readdirplus(struct fuse_request *request)
{
	const struct fuse_read_in *in = (const void *)request->arg;
	const struct node *node = node_of(request->in->nodeid);
	DIR *dir = (DIR *)(uintptr_t)in->fh;
	struct dirent *entry;
	size_t used = 0;
	while (used + 512 < in->size && (entry = readdir(dir))) {
		struct fuse_direntplus *plus = (void *)(request->out + used);
		bool is_dot = entry->d_name[0] == '.';
		*plus = (struct fuse_direntplus){
			.dirent = { .ino = entry->d_ino,
				    .off = entry->d_off,
				    .namelen = strlen(entry->d_name),
				    .type = entry->d_type } };
		memcpy(plus->dirent.name, entry->d_name,
		       plus->dirent.namelen);
		if (!is_dot)
			find(node, entry->d_name, &plus->entry_out);
		used += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS +
					  plus->dirent.namelen);
	}
	return used;
}

static ssize_t
op_readdir(struct fuse_request *request)
{
	const struct fuse_read_in *in = (const void *)request->arg;
	DIR *dir = (DIR *)(uintptr_t)in->fh;
	struct dirent *entry;
	size_t used = 0;
	while (used + 512 < in->size && (entry = readdir(dir))) {
		struct fuse_dirent *out = (void *)(request->out + used);
		*out = (struct fuse_dirent){ .ino = entry->d_ino,
					     .off = entry->d_off,
					     .namelen = strlen(entry->d_name),
					     .type = entry->d_type };
		memcpy(out->name, entry->d_name, out->namelen);
		used += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + out->namelen);
	}
	return used;
}

static ssize_t
op_unlink(struct fuse_request *request)
{
	const struct node *dir = node_of(request->in->nodeid);
	char name[300] = ".wh.";
	strcat(name, request->arg);
	return linkat(upper, BASE, dir->up, name, 0) < 0 ? -errno : 0;
}

static ssize_t
op_rmdir(struct fuse_request *request)
{
	(void)request;
	return 0;
}

static const fuse_handler handlers[] = {
	[FUSE_LOOKUP] = op_lookup,
	[FUSE_FORGET] = op_forget,
	[FUSE_BATCH_FORGET] = op_batch_forget,
	[FUSE_GETATTR] = op_getattr,
	[FUSE_OPENDIR] = op_opendir,
	[FUSE_READDIR] = op_readdir,
	[FUSE_READDIRPLUS] = op_readdirplus,
	[FUSE_RELEASEDIR] = op_releasedir,
	[FUSE_UNLINK] = op_unlink,
	[FUSE_RMDIR] = op_rmdir,
};

int
main(int argc, char **argv)
{
	struct fuse fuse = { .handlers = handlers,
			     .count = countof(handlers) };
	if (argc != 4)
		return 2;
	upper = open(argv[1], O_PATH | O_CLOEXEC);
	root.fd = open(argv[2], O_PATH | O_CLOEXEC);
	root.up = upper;
	close(openat(upper, BASE, O_CREAT | O_RDONLY, 0444));
	fstat(root.fd, &root.st);
	if (fuse_mount(&fuse, "none", argv[3], "floor", 0) < 0)
		return 1;
	if (daemon(0, 0) < 0)
		return 1;
	return fuse_serve(&fuse) < 0;
}
