/* aufs_names.c - see aufs_names.h. */
#include "aufs_names.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs_attr.h"
#include "aufs_copy.h"
#include "aufs_copyup.h"
#include "aufs_file.h"
#include "aufs_listing.h"
#include "aufs_whiteout.h"

/* ---- looking up and forgetting ----------------------------------------- */

ssize_t
names_answer(struct fuse_request *request, struct node *node,
	     const struct stat *known, struct fuse_entry_out *out)
{
	struct aufs *aufs = aufs_of(request);
	*out = (struct fuse_entry_out){
		.nodeid = node_id(&aufs->nodes, node),
		.entry_valid = attr_seconds(aufs),
		.attr_valid = attr_seconds(aufs),
	};
	int result = attr_get(aufs, node, known, &out->attr);
	if (result == 0)
		node_looked_up(&aufs->nodes, node);
	node_drop(&aufs->nodes, node);
	return result < 0 ? result : (ssize_t)sizeof(*out);
}

static ssize_t
look_up(struct fuse_request *request, bool alone)
{
	struct aufs *aufs = aufs_of(request);
	struct node *node;
	struct stat st;
	if (alone)
		pthread_rwlock_wrlock(&aufs->tree);
	else
		pthread_rwlock_rdlock(&aufs->tree);
	ssize_t result = union_look_up(aufs, node_asked(request),
				       request->arg, UNION_UNKNOWN, alone,
				       &node, &st);
	if (result == 0)
		result = names_answer(request, node, &st,
				      (void *)request->out);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* That a name is not there is never remembered by the kernel: a branch that
 * is added may have it. */
ssize_t
names_op_lookup(struct fuse_request *request)
{
	ssize_t result = look_up(request, false);
	return result == -EAGAIN ? look_up(request, true) : result;
}

ssize_t
names_op_forget(struct fuse_request *request)
{
	const struct fuse_forget_in *in = (const void *)request->arg;
	node_forget(&aufs_of(request)->nodes, node_asked(request),
		    in->nlookup);
	return FUSE_SILENT;
}

ssize_t
names_op_batch_forget(struct fuse_request *request)
{
	struct nodes *nodes = &aufs_of(request)->nodes;
	const struct fuse_batch_forget_in *in = (const void *)request->arg;
	const struct fuse_forget_one *one = (const void *)(in + 1);
	for (uint32_t i = 0; i < in->count; i++)
		node_forget(nodes, node_of(nodes, one[i].nodeid),
			    one[i].nlookup);
	return FUSE_SILENT;
}

ssize_t
names_op_readlink(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	pthread_rwlock_rdlock(&aufs->tree);
	ssize_t length = readlinkat(node_asked(request)->layers[0].fd, "",
				    request->out, PATH_MAX);
	int code = errno;
	pthread_rwlock_unlock(&aufs->tree);
	return length < 0 ? -code : length;
}

/* ---- making ------------------------------------------------------------ */

/* Of this thread; what is as it should be is left so. */
static _Thread_local mode_t umask_now = 0;
static _Thread_local bool is_caller;

void
names_as_caller(const struct fuse_request *request, mode_t umask_asked)
{
	if (umask_now != umask_asked)
		umask(umask_now = umask_asked);
	is_caller = request->in->uid != 0 || request->in->gid != 0;
	if (is_caller) {
		setfsgid(request->in->gid);
		setfsuid(request->in->uid);
	}
}

void
names_as_daemon(void)
{
	if (is_caller) {
		setfsuid(0);
		setfsgid(0);
	}
}

/* The node of what was just made in the layer, known by that name. */
static int
new_node(struct aufs *aufs, struct node *dir, const char *name,
	 const struct layer *layer, bool ends, struct node **node)
{
	struct stat st;
	bool differs;
	auto_close int fd =
		openat(layer->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* An inode number that was in use before for something else. */
	number_lose(&aufs->nodes.numbers, &st);
	struct layer own = { layer->branch, take_fd(&fd) };
	*node = node_get(&aufs->nodes, &own, 1, ends, &st, &differs);
	node_add_alias(&aufs->nodes, *node, dir, name);
	return 0;
}

/* What is to be made, and how. */
struct made {
	const char *name;
	mode_t mode, umask;
	dev_t device;
	const char *target; /* of a symbolic link */
};

static int
make(const struct layer *layer, const struct made *made)
{
	int done = made->target ?
			   symlinkat(made->target, layer->fd, made->name) :
		   S_ISDIR(made->mode) ?
			   mkdirat(layer->fd, made->name, made->mode) :
			   mknodat(layer->fd, made->name, made->mode,
				   made->device);
	return done < 0 ? -errno : 0;
}

/* While the whiteout is there a new directory hides what is below; when it
 * goes, the directory must do that by itself. */
static int
make_opaque(const struct layer *layer, const char *name)
{
	auto_close int fd =
		openat(layer->fd, name,
		       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return whiteout_make_opaque(&(struct layer){ layer->branch, fd });
}

static int
make_in_union(struct fuse_request *request, const struct made *made,
	      struct node **node)
{
	struct aufs *aufs = aufs_of(request);
	struct node *dir = node_asked(request);
	struct layer layer;
	int result = union_place(aufs, dir, made->name, &layer);
	if (result < 0)
		return result;
	bool is_opaque = S_ISDIR(made->mode) &&
			 (aufs->always_opaque ||
			  whiteout_is_in(&layer, made->name));
	names_as_caller(request, made->umask);
	result = make(&layer, made);
	names_as_daemon();
	if (result == 0 && is_opaque)
		result = make_opaque(&layer, made->name);
	if (result == 0)
		result = union_unhide(dir, made->name, &layer);
	node_forget_listing(&aufs->nodes, dir);
	return result < 0 ? result :
			    new_node(aufs, dir, made->name, &layer, is_opaque,
				     node);
}

static ssize_t
answer_made(struct fuse_request *request, const struct made *made)
{
	struct aufs *aufs = aufs_of(request);
	struct node *node;
	pthread_rwlock_wrlock(&aufs->tree);
	ssize_t result = make_in_union(request, made, &node);
	if (result == 0)
		result = names_answer(request, node, NULL,
				      (void *)request->out);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

ssize_t
names_op_mknod(struct fuse_request *request)
{
	const struct fuse_mknod_in *in = (const void *)request->arg;
	return answer_made(request, &(struct made){
					    .name = (const char *)(in + 1),
					    .mode = in->mode,
					    .umask = in->umask,
					    .device = in->rdev,
				    });
}

ssize_t
names_op_mkdir(struct fuse_request *request)
{
	const struct fuse_mkdir_in *in = (const void *)request->arg;
	return answer_made(request, &(struct made){
					    .name = (const char *)(in + 1),
					    .mode = in->mode | S_IFDIR,
					    .umask = in->umask,
				    });
}

ssize_t
names_op_symlink(struct fuse_request *request)
{
	const char *name = request->arg;
	return answer_made(request, &(struct made){
					    .name = name,
					    .target = name + strlen(name) + 1,
				    });
}

static int
link_in_union(struct fuse_request *request, struct node *node,
	      const char *name)
{
	struct aufs *aufs = aufs_of(request);
	struct node *dir = node_asked(request);
	struct layer layer;
	if (whiteout_is_reserved(name))
		return -EPERM;
	if (strlen(name) > AUFS_NAME_MAX)
		return -ENAMETOOLONG;
	struct branch *branch = node->layers[0].branch;
	if (union_is_above(dir, name, branch))
		return -EXDEV;
	int result = union_raise_directory(aufs, dir, branch, &layer);
	if (result < 0)
		return result;
	if (linkat(AT_FDCWD, fd_path(node->layers[0].fd).text, layer.fd, name,
		   AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	node_forget_listing(&aufs->nodes, dir);
	node->is_gone = false;
	node_add_alias(&aufs->nodes, node, dir, name);
	return union_unhide(dir, name, &layer);
}

ssize_t
names_op_link(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_link_in *in = (const void *)request->arg;
	struct node *node = node_of(&aufs->nodes, in->oldnodeid);
	ssize_t result = copyup(aufs, node, UINT64_MAX);
	if (result < 0)
		return result;
	pthread_rwlock_wrlock(&aufs->tree);
	result = link_in_union(request, node, (const char *)(in + 1));
	if (result == 0) {
		node_hold(&aufs->nodes, node);
		result = names_answer(request, node, NULL,
				      (void *)request->out);
	}
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* ---- making and opening ------------------------------------------------ */

static ssize_t
answer_open(struct fuse_request *request, struct node *node, int flags, int fd)
{
	struct aufs *aufs = aufs_of(request);
	struct fuse_entry_out *entry = (void *)request->out;
	struct fuse_open_out *open = (void *)(entry + 1);
	int result = file_open(aufs, node, flags, fd, open);
	if (result < 0) {
		node_drop(&aufs->nodes, node);
		return result;
	}
	ssize_t size = names_answer(request, node, NULL, entry);
	return size < 0 ? size : size + (ssize_t)sizeof(*open);
}

static ssize_t
create(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	struct node *dir = node_asked(request), *node;
	const struct fuse_create_in *in = (const void *)request->arg;
	const char *name = (const char *)(in + 1);
	struct layer layer;
	int result = union_place(aufs, dir, name, &layer);
	if (result < 0)
		return result;
	names_as_caller(request, in->umask);
	int fd = openat(layer.fd, name,
			(in->flags & ~(O_APPEND | O_DIRECT | O_NONBLOCK)) |
				O_CREAT | O_NOFOLLOW | O_CLOEXEC, in->mode);
	result = fd < 0 ? -errno : 0;
	names_as_daemon();
	if (result < 0)
		return result;
	node_forget_listing(&aufs->nodes, dir);
	result = union_unhide(dir, name, &layer);
	if (result == 0)
		result = new_node(aufs, dir, name, &layer, false, &node);
	if (result < 0) {
		close(fd);
		return result;
	}
	return answer_open(request, node, in->flags, fd);
}

ssize_t
names_op_create(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	pthread_rwlock_wrlock(&aufs->tree);
	ssize_t result = create(request);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* A file without a name (O_TMPFILE), which link(2) may give it later. */
static ssize_t
create_nameless(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	const struct fuse_create_in *in = (const void *)request->arg;
	struct stat st;
	struct layer layer;
	bool differs;
	int result = union_place(aufs, node_asked(request), "", &layer);
	if (result < 0)
		return result;
	names_as_caller(request, in->umask);
	int fd = openat(layer.fd, ".",
			(in->flags & ~(O_APPEND | O_DIRECT | O_CREAT)) |
				O_TMPFILE | O_CLOEXEC, in->mode);
	result = fd < 0 ? -errno : 0;
	names_as_daemon();
	if (result < 0)
		return result;
	auto_close int path = open(fd_path(fd).text, O_PATH | O_CLOEXEC);
	if (path < 0 || fstat(path, &st) < 0) {
		result = -errno;
		close(fd);
		return result;
	}
	number_lose(&aufs->nodes.numbers, &st);
	struct layer own = { layer.branch, take_fd(&path) };
	return answer_open(request,
			   node_get(&aufs->nodes, &own, 1, false, &st,
				    &differs),
			   in->flags, fd);
}

ssize_t
names_op_tmpfile(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	pthread_rwlock_wrlock(&aufs->tree);
	ssize_t result = create_nameless(request);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

/* ---- removing ---------------------------------------------------------- */

/* A pseudo-link that nobody can come by any more keeps a file alive that is
 * not there. */
static void
drop_plink(struct aufs *aufs, const struct stat *st)
{
	struct plink *plink =
		st->st_nlink == 1 ? plink_of_copy(&aufs->plinks, st) : NULL;
	if (plink && plink->handled >= plink->links)
		plink_remove(&aufs->plinks, plink);
}

void
names_gone(struct aufs *aufs, struct node *dir, const char *name,
	   const struct branch *branch, const struct stat *before)
{
	struct stat st = *before;
	struct node *node = node_find(&aufs->nodes, &st);
	bool is_up = branch_is_writable(branch);
	node_forget_listing(&aufs->nodes, dir);
	if (node)
		node_remove_alias(&aufs->nodes, node, dir, name);
	if (S_ISDIR(st.st_mode) || (!is_up && st.st_nlink < 2)) {
		if (node)
			node->is_gone = true;
	} else if (!is_up) {
		plink_name_handled(&aufs->plinks, &st);
	} else {
		st.st_nlink--;
		drop_plink(aufs, &st);
		if (st.st_nlink == 0)
			number_lose(&aufs->nodes.numbers, &st);
	}
	if (node)
		node_drop(&aufs->nodes, node);
}

int
names_expect_empty(struct aufs *aufs, const struct found *found)
{
	struct listing *listing = listing_read(
		&aufs->nodes.numbers, found->layers, found->count, false);
	if (!listing)
		return -errno;
	size_t visible = listing_visible(listing);
	listing_drop(listing);
	return visible ? -ENOTEMPTY : 0;
}

/* Hidden first and then removed: half done, it is still there. */
static int
remove_from(struct aufs *aufs, struct node *dir, const char *name,
	    const struct branch *branch, bool is_directory)
{
	struct layer layer;
	int result = union_place_above(aufs, dir, branch, &layer);
	if (result < 0)
		return result;
	bool is_there = layer.branch == branch;
	bool has_to_hide = !is_there ||
			   union_is_below(dir, name, layer.branch);
	if (has_to_hide)
		result = whiteout_make(&layer, name);
	if (result < 0 || !is_there)
		return result;
	if (is_directory)
		result = whiteout_remove_directory(&layer, name);
	else if (unlinkat(layer.fd, name, 0) < 0)
		result = -errno;
	if (result < 0 && has_to_hide)
		whiteout_remove(&layer, name);
	return result;
}

static int
remove_file(struct aufs *aufs, struct node *dir, const char *name)
{
	const struct branch *branch;
	struct stat st;
	int result = union_stat(dir, name, &branch, &st);
	if (result == 0 && S_ISDIR(st.st_mode))
		result = -EISDIR;
	if (result == 0)
		result = remove_from(aufs, dir, name, branch, false);
	if (result == 0)
		names_gone(aufs, dir, name, branch, &st);
	return result;
}

static int
remove_directory(struct aufs *aufs, struct node *dir, const char *name)
{
	struct found found;
	int result = union_find(dir, name, UNION_UNKNOWN, &found);
	if (result < 0)
		return result;
	const struct branch *branch = found.layers[0].branch;
	if (!S_ISDIR(found.st.st_mode))
		result = -ENOTDIR;
	if (result == 0)
		result = names_expect_empty(aufs, &found);
	if (result == 0)
		result = remove_from(aufs, dir, name, branch, true);
	if (result == 0)
		names_gone(aufs, dir, name, branch, &found.st);
	union_close(&found);
	return result;
}

ssize_t
names_op_unlink(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	pthread_rwlock_wrlock(&aufs->tree);
	int result = remove_file(aufs, node_asked(request), request->arg);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

ssize_t
names_op_rmdir(struct fuse_request *request)
{
	struct aufs *aufs = aufs_of(request);
	pthread_rwlock_wrlock(&aufs->tree);
	int result = remove_directory(aufs, node_asked(request), request->arg);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}
