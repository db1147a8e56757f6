/* aufs_copyup.c - see aufs_copyup.h. */
#include "aufs_copyup.h"

#include <errno.h>
#include <unistd.h>

#include "aufs_copy.h"
#include "aufs_handle.h"
#include "aufs_union.h"
#include "aufs_whiteout.h"

/* ---- a file goes up ---------------------------------------------------- */

/* One at a time does it; the others wait until it is done, or has failed. */
static void
begin(struct aufs *aufs, struct node *node)
{
	pthread_mutex_lock(&aufs->copies);
	if (node->copying)
		fuse_let_others();
	while (node->copying)
		pthread_cond_wait(&aufs->copied, &aufs->copies);
	node->copying = true;
	pthread_mutex_unlock(&aufs->copies);
}

static void
end(struct aufs *aufs, struct node *node)
{
	pthread_mutex_lock(&aufs->copies);
	node->copying = false;
	pthread_cond_broadcast(&aufs->copied);
	pthread_mutex_unlock(&aufs->copies);
}

/* The writable layer to go to: of the first name's directory, or, of what has
 * no name any more, just the branch. */
static int
choose_place(struct aufs *aufs, const struct node *node, struct layer *layer)
{
	const struct branch *from = node->layers[0].branch;
	if (node->aliases)
		return union_place_above(aufs, node->aliases->parent, from,
					 layer);
	for (int i = 0; i < from->index; i++)
		if (branch_is_writable(aufs->branches[i])) {
			layer->branch = aufs->branches[i];
			return 0;
		}
	return -EROFS;
}

/* All names under which it is known lead to the copy. */
static int
name_copy(struct aufs *aufs, const struct node *node, struct branch *branch,
	  const char *orphan)
{
	for (const struct alias *a = node->aliases; a; a = a->next) {
		struct layer layer;
		struct stat above;
		int result = union_raise_directory(aufs, a->parent, branch,
						   &layer);
		if (result < 0)
			return result;
		if (fstat(layer.fd, &above) < 0 ||
		    (a->next ? linkat(branch->orphans, orphan, layer.fd,
				      a->name, 0) :
			       renameat(branch->orphans, orphan, layer.fd,
					a->name)) < 0)
			return -errno;
		copy_keep_times(layer.fd, &above);
		node_forget_listing(&aufs->nodes, a->parent);
	}
	if (!node->aliases)
		unlinkat(branch->orphans, orphan, 0);
	return 0;
}

/* How many names of the original does the copy have now? */
static void
count_names(struct aufs *aufs, const struct node *node,
	    const struct stat *original)
{
	for (const struct alias *a = node->aliases; a && a->next; a = a->next)
		plink_name_handled(&aufs->plinks, original);
}

static int
move_to_copy(struct aufs *aufs, struct node *node, struct branch *branch,
	     const char *orphan, const struct stat *original)
{
	struct stat st;
	auto_close int copy = openat(branch->orphans, orphan,
				     O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (copy < 0 || fstat(copy, &st) < 0)
		return -errno;
	bool has_plink = original->st_nlink > 1 && !aufs->no_plinks;
	int result = 0;
	if (has_plink)
		result = plink_make(&aufs->plinks, branch,
				    node->layers[0].fd, copy);
	if (result == 0)
		result = name_copy(aufs, node, branch, orphan);
	if (result < 0)
		return result;
	if (has_plink)
		count_names(aufs, node, original);
	auto_close int old = node->layers[0].fd;
	struct layer layer = { branch, take_fd(&copy) };
	number_keep(&aufs->nodes.numbers, &st, node->ino);
	node_replace(&aufs->nodes, node, &layer, 1, false, &st);
	return handle_move_all(node);
}

static int
go_up(struct aufs *aufs, struct node *node, uint64_t size)
{
	struct layer place = { 0 };
	struct stat st;
	auto_free char *orphan = whiteout_orphan_name();
	int result = 0;
	pthread_rwlock_wrlock(&aufs->tree);
	bool is_done = branch_is_writable(node->layers[0].branch);
	if (!is_done)
		result = choose_place(aufs, node, &place);
	pthread_rwlock_unlock(&aufs->tree);
	if (is_done || result < 0)
		return result;
	/* No one replaces what is being copied. */
	int original = node->layers[0].fd;
	if (fstat(original, &st) < 0)
		return -errno;
	if (st.st_size > FUSE_DATA_MAX) /* less is there before they wake */
		fuse_let_others();
	result = copy_object(original, place.branch, orphan, size, &st);
	if (result == 0) {
		pthread_rwlock_wrlock(&aufs->tree);
		result = move_to_copy(aufs, node, place.branch, orphan, &st);
		pthread_rwlock_unlock(&aufs->tree);
	}
	if (result < 0)
		unlinkat(place.branch->orphans, orphan, 0);
	return result;
}

/* One that was removed, and is somebody's working directory still. */
static int
raise_nameless(struct aufs *aufs, struct node *dir)
{
	struct layer layer = { 0 };
	struct stat st;
	auto_free char *orphan = whiteout_orphan_name();
	int result = choose_place(aufs, dir, &layer);
	if (result < 0)
		return result;
	layer.fd = copy_orphan_directory(dir->layers[0].fd, layer.branch,
					 orphan);
	if (layer.fd < 0)
		return layer.fd;
	unlinkat(layer.branch->orphans, orphan, AT_REMOVEDIR);
	if (fstat(layer.fd, &st) < 0)
		return -errno;
	for (unsigned int i = 0; i < dir->layer_count; i++)
		close(dir->layers[i].fd);
	node_replace(&aufs->nodes, dir, &layer, 1, true, &st);
	return 0;
}

static int
raise_directory(struct aufs *aufs, struct node *node)
{
	struct layer layer;
	int result = 0;
	pthread_rwlock_wrlock(&aufs->tree);
	const struct branch *from = node->layers[0].branch;
	if (node == &aufs->nodes.root && !branch_is_writable(from))
		result = -EROFS;
	else if (!branch_is_writable(from) && !node->aliases)
		result = raise_nameless(aufs, node);
	else if (!branch_is_writable(from))
		result = union_place_above(aufs, node, from, &layer);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

int
copyup(struct aufs *aufs, struct node *node, uint64_t size)
{
	if (node_is_directory(node))
		return raise_directory(aufs, node);
	begin(aufs, node);
	int result = go_up(aufs, node, size);
	end(aufs, node);
	return result;
}
