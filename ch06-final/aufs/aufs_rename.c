/*
 * aufs_rename.c - renaming, which has to leave things right in two places: the
 * old name must not show again what is below it, and the new name must.
 *
 * A directory is renamed only if it is in one writable branch alone; one with
 * parts in several would have to be moved in all of them, and some cannot be
 * written.  EXDEV tells the caller to copy instead, as mv(1) does.
 */
#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <unistd.h>

#include "aufs_copy.h"
#include "aufs_copyup.h"
#include "aufs_listing.h"
#include "aufs_names.h"
#include "aufs_whiteout.h"

/* A name, and what there is by it. */
struct end {
	struct node *dir, *node; /* a reference; NULL: nothing is there */
	const char *name;
	struct found found;
	struct layer layer; /* where it is renamed */
	bool has_below;	    /* something below the branch has the name */
};

struct renaming {
	struct aufs *aufs;
	struct end from, to;
	unsigned int flags;
	struct branch *branch;
};

/* ---- looking first ----------------------------------------------------- */

static int
look_up(struct aufs *aufs, struct end *end)
{
	struct stat st;
	end->node = NULL;
	pthread_rwlock_wrlock(&aufs->tree);
	int result = union_look_up(aufs, end->dir, end->name, UNION_UNKNOWN,
				   true, &end->node, &st);
	pthread_rwlock_unlock(&aufs->tree);
	return result;
}

static void
let_go(struct aufs *aufs, struct end *end)
{
	union_close(&end->found);
	if (end->node)
		node_drop(&aufs->nodes, end->node);
}

/* It will be moved, so it has to be in a writable branch. */
static int
look_up_to_move(struct aufs *aufs, struct end *end)
{
	int result = look_up(aufs, end);
	if (result == 0 && !node_is_directory(end->node))
		result = copyup(aufs, end->node, UINT64_MAX);
	return result;
}

static int
find(struct renaming *r, struct end *end)
{
	int result = union_find(end->dir, end->name, UNION_UNKNOWN,
				&end->found);
	if (result < 0)
		return result;
	const struct layer *top = &end->found.layers[0];
	bool moves = end == &r->from || (r->flags & RENAME_EXCHANGE);
	if (moves && (!branch_is_writable(top->branch) ||
		      (S_ISDIR(end->found.st.st_mode) &&
		       end->found.count > 1)))
		return -EXDEV;
	return 0;
}

/* Of what is replaced: may it be? */
static int
check_replaced(struct renaming *r)
{
	const struct found *found = &r->to.found;
	if (r->flags & RENAME_NOREPLACE)
		return -EEXIST;
	return S_ISDIR(found->st.st_mode) ?
		       names_expect_empty(r->aufs, found) : 0;
}

static int
find_both(struct renaming *r)
{
	int result = find(r, &r->from);
	if (result < 0)
		return result;
	r->branch = r->from.found.layers[0].branch;
	result = find(r, &r->to);
	if (r->flags & RENAME_EXCHANGE)
		return result < 0 ? result :
		       r->to.found.layers[0].branch != r->branch ? -EXDEV : 0;
	if (result == 0)
		return check_replaced(r);
	return result == -ENOENT ? 0 : result;
}

/* With several writable branches there may be none for it in this one. */
static int
find_place(struct renaming *r, struct end *end)
{
	if (union_is_above(end->dir, end->name, r->branch))
		return -EXDEV;
	end->has_below = union_is_below(end->dir, end->name, r->branch);
	return union_raise_directory(r->aufs, end->dir, r->branch,
				     &end->layer);
}

/* ---- doing ------------------------------------------------------------- */

/* A directory comes where directories of branches below have been. */
static int
cover(struct end *what, const struct end *where)
{
	if (!where->has_below || !S_ISDIR(what->found.st.st_mode))
		return 0;
	if (what->node)
		what->node->ends = true;
	int result = whiteout_make_opaque(&what->found.layers[0]);
	copy_keep_times(what->found.layers[0].fd, &what->found.st);
	return result;
}

/* The directory that is replaced may hold whiteouts: it goes first, and a
 * whiteout stands in its place meanwhile. */
static int
clear_target(struct renaming *r)
{
	const struct found *found = &r->to.found;
	if (found->count == 0 || !S_ISDIR(found->st.st_mode) ||
	    found->layers[0].branch != r->branch)
		return 0;
	int result = r->to.has_below ?
			     whiteout_make(&r->to.layer, r->to.name) : 0;
	return result < 0 ? result :
			    whiteout_remove_directory(&r->to.layer,
						      r->to.name);
}

static int
exchange(struct renaming *r)
{
	int result = cover(&r->from, &r->to);
	if (result == 0)
		result = cover(&r->to, &r->from);
	if (result == 0 &&
	    renameat2(r->from.layer.fd, r->from.name, r->to.layer.fd,
		      r->to.name, RENAME_EXCHANGE) < 0)
		result = -errno;
	return result;
}

static int
move(struct renaming *r)
{
	struct end *from = &r->from, *to = &r->to;
	int result = cover(from, to);
	if (result == 0)
		result = clear_target(r);
	if (result == 0 && from->has_below)
		result = whiteout_make(&from->layer, from->name);
	if (result < 0)
		return result;
	if (renameat(from->layer.fd, from->name, to->layer.fd, to->name) < 0) {
		result = -errno;
		if (from->has_below)
			whiteout_remove(&from->layer, from->name);
		return result;
	}
	return union_unhide(to->dir, to->name, &to->layer);
}

/* A file that was replaced in a writable branch below is covered by now, so it
 * is gone whatever becomes of this; but its other names would count it. */
static void
remove_covered(struct renaming *r)
{
	const struct found *found = &r->to.found;
	struct layer layer;
	if (found->count == 0 || S_ISDIR(found->st.st_mode))
		return;
	struct branch *branch = found->layers[0].branch;
	if (branch != r->branch && branch_is_writable(branch) &&
	    union_raise_directory(r->aufs, r->to.dir, branch, &layer) == 0)
		unlinkat(layer.fd, r->to.name, 0);
}

/* The nodes follow. */
static void
follow(struct renaming *r)
{
	struct nodes *nodes = &r->aufs->nodes;
	struct end *from = &r->from, *to = &r->to;
	node_forget_listing(nodes, from->dir);
	node_forget_listing(nodes, to->dir);
	if (r->flags & RENAME_EXCHANGE) {
		node_remove_alias(nodes, to->node, to->dir, to->name);
		node_add_alias(nodes, to->node, from->dir, from->name);
	} else if (to->found.count > 0) {
		remove_covered(r);
		names_gone(r->aufs, to->dir, to->name,
			   to->found.layers[0].branch, &to->found.st);
	}
	node_remove_alias(nodes, from->node, from->dir, from->name);
	node_add_alias(nodes, from->node, to->dir, to->name);
}

static int
rename_alone(struct renaming *r)
{
	int result = find_both(r);
	if (result == 0)
		result = find_place(r, &r->from);
	if (result == 0)
		result = find_place(r, &r->to);
	if (result == 0)
		result = r->flags & RENAME_EXCHANGE ? exchange(r) : move(r);
	if (result == 0)
		follow(r);
	return result;
}

static int
rename_in_union(struct renaming *r)
{
	if (r->flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (whiteout_is_reserved(r->to.name))
		return -EPERM;
	if (strlen(r->to.name) > AUFS_NAME_MAX)
		return -ENAMETOOLONG;
	int result = look_up_to_move(r->aufs, &r->from);
	if (result == 0 && (r->flags & RENAME_EXCHANGE))
		result = look_up_to_move(r->aufs, &r->to);
	else if (result == 0 && look_up(r->aufs, &r->to) < 0)
		r->to.node = NULL;
	if (result == 0) {
		pthread_rwlock_wrlock(&r->aufs->tree);
		result = rename_alone(r);
		pthread_rwlock_unlock(&r->aufs->tree);
	}
	let_go(r->aufs, &r->from);
	let_go(r->aufs, &r->to);
	return result;
}

static ssize_t
rename_names(struct fuse_request *request, uint64_t newdir,
	     unsigned int flags, const char *names)
{
	struct aufs *aufs = request->fuse->data;
	struct renaming r = {
		.aufs = aufs,
		.flags = flags,
		.from = { .dir = node_of(&aufs->nodes, request->in->nodeid),
			  .name = names },
		.to = { .dir = node_of(&aufs->nodes, newdir),
			.name = names + strlen(names) + 1 },
	};
	return rename_in_union(&r);
}

ssize_t
names_op_rename(struct fuse_request *request)
{
	const struct fuse_rename_in *in = (const void *)request->arg;
	return rename_names(request, in->newdir, 0, (const char *)(in + 1));
}

ssize_t
names_op_rename2(struct fuse_request *request)
{
	const struct fuse_rename2_in *in = (const void *)request->arg;
	return rename_names(request, in->newdir, in->flags,
			    (const char *)(in + 1));
}
