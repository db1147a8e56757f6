/* aufs_union.c - see aufs_union.h. */
#include "aufs_union.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs_copy.h"
#include "aufs_whiteout.h"

/* ---- finding ----------------------------------------------------------- */

void
union_close(struct found *found)
{
	while (found->count > 0)
		close(found->layers[--found->count].fd);
}

/* Has the layer a whiteout of the name? */
static bool
hides(const struct found *found, const struct node *dir, unsigned int at,
      const char *name)
{
	return at < found->hiding && whiteout_is_in(&dir->layers[at], name);
}

/* The topmost decides: a file, or a directory to which more may be added. */
static int
find_first(const struct node *dir, const char *name, struct found *found,
	   unsigned int *at)
{
	/* lab find_first: Ask the layers for the name by openat(2), O_PATH and
	 * O_NOFOLLOW, from number *at on.  The first that has it becomes
	 * found->layers[0]; *at is its number then, and found->st what it is.
	 * One that has it not (ENOENT) may have a whiteout of it, which ends
	 * the search: -ENOENT, as when there are no more.  Another errno than
	 * ENOENT is returned, negative. */
	unsigned int i;
	for (i = *at; i < dir->layer_count; i++) {
		const struct layer *layer = &dir->layers[i];
		int fd = openat(layer->fd, name,
				O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			found->layers[found->count++] =
				(struct layer){ layer->branch, fd };
			break;
		}
		if (errno != ENOENT)
			return -errno;
		if (hides(found, dir, i, name))
			return -ENOENT;
	}
	if (found->count == 0)
		return -ENOENT;
	*at = i;
	return fstat(found->layers[0].fd, &found->st) < 0 ? -errno : 0;
	/* lab end: (void)dir;
	 * (void)name;
	 * (void)found;
	 * (void)at;
	 * (void)hides;
	 * return -ENOSYS; */
}

/* Directories of the name in the layers below, until something ends them. */
static int
find_more(const struct node *dir, const char *name, struct found *found,
	  unsigned int at)
{
	/* lab find_more: found->layers[0] is a directory, of layer `at`.  What
	 * the layers below have under the name is added to found->layers, as
	 * long as it is a directory (O_DIRECTORY).  It ends below an opaque
	 * one, below a layer with a whiteout of the name, and at anything else
	 * than a directory (ENOTDIR); then found->ends is true.  So it is when
	 * dir->ends.  Another errno than these and ENOENT is returned. */
	for (;; at++) {
		const struct layer *last = &found->layers[found->count - 1];
		const struct layer *layer = &dir->layers[at];
		bool is_here = last->branch == layer->branch;
		found->ends = (is_here &&
			       whiteout_is_opaque(last->fd, last->branch)) ||
			      hides(found, dir, at, name);
		if (found->ends || at + 1 == dir->layer_count)
			break;
		int fd = openat(dir->layers[at + 1].fd, name,
				O_PATH | O_DIRECTORY | O_NOFOLLOW |
					O_CLOEXEC);
		if (fd >= 0)
			found->layers[found->count++] = (struct layer){
				dir->layers[at + 1].branch, fd
			};
		else if (errno == ENOTDIR)
			found->ends = true;
		else if (errno != ENOENT)
			return -errno;
		if (found->ends)
			break;
	}
	found->ends |= dir->ends;
	return 0;
	/* lab end: (void)dir;
	 * (void)name;
	 * (void)found;
	 * (void)at;
	 * (void)hides;
	 * return -ENOSYS; */
}

/* A name that may be in a branch. */
static int
check_name(const char *name)
{
	if (whiteout_is_reserved(name))
		return -EPERM;
	return strlen(name) > AUFS_NAME_MAX ? -ENAMETOOLONG : 0;
}

int
union_find(const struct node *dir, const char *name, struct hint hint,
	   struct found *found)
{
	unsigned int at = hint.from;
	found->count = 0;
	found->ends = false;
	found->hiding = hint.hiding;
	int result = check_name(name);
	if (result == 0)
		result = find_first(dir, name, found, &at);
	if (result == 0 && S_ISDIR(found->st.st_mode))
		result = find_more(dir, name, found, at);
	if (result < 0)
		union_close(found);
	return result;
}

int
union_stat(const struct node *dir, const char *name,
	   const struct branch **branch, struct stat *st)
{
	int result = check_name(name);
	if (result < 0)
		return result;
	for (unsigned int i = 0; i < dir->layer_count; i++) {
		const struct layer *layer = &dir->layers[i];
		*branch = layer->branch;
		if (fstatat(layer->fd, name, st, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
		if (errno != ENOENT)
			return -errno;
		if (whiteout_is_in(layer, name))
			break;
	}
	return -ENOENT;
}

bool
union_is_below(const struct node *dir, const char *name,
	       const struct branch *above)
{
	/* lab union_is_below: Branches have an index, and the greater is the
	 * lower; dir->layers has one layer for each branch that has the
	 * directory, the topmost first.  In those below the branch `above`:
	 * which is met first, something of that name, be it a dangling link,
	 * or a whiteout of it? */
	struct stat st;
	for (unsigned int i = 0; i < dir->layer_count; i++) {
		const struct layer *layer = &dir->layers[i];
		if (layer->branch->index <= above->index)
			continue;
		if (fstatat(layer->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
		if (whiteout_is_in(layer, name))
			return false;
	}
	return false;
	/* lab end: (void)dir;
	 * (void)name;
	 * (void)above;
	 * return false; */
}

bool
union_is_above(const struct node *dir, const char *name,
	       const struct branch *below)
{
	struct stat st;
	for (unsigned int i = 0; i < dir->layer_count; i++) {
		const struct layer *layer = &dir->layers[i];
		if (layer->branch->index >= below->index)
			return false;
		if (whiteout_is_in(layer, name) ||
		    fstatat(layer->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

/* ---- looking up -------------------------------------------------------- */

/* One more name of an original that was copied up: it becomes one of the
 * copy, and that is what was found. */
static int
link_to_copy(struct aufs *aufs, struct node *dir, const char *name,
	     struct plink *plink, struct found *found)
{
	struct layer layer;
	int result = union_raise_directory(aufs, dir, plink->branch, &layer);
	if (result < 0)
		return result;
	struct stat original = found->st, before;
	if (fstat(layer.fd, &before) < 0 ||
	    linkat(plink->branch->plinks, plink->name, layer.fd, name, 0) < 0)
		return -errno;
	copy_keep_times(layer.fd, &before);
	plink_name_handled(&aufs->plinks, &original);
	node_forget_listing(&aufs->nodes, dir);
	union_close(found);
	return union_find(dir, name, UNION_UNKNOWN, found);
}

static bool
has_other_names(const struct found *found)
{
	return !S_ISDIR(found->st.st_mode) && found->st.st_nlink > 1 &&
	       !branch_is_writable(found->layers[0].branch);
}

static int
find_by_plink(struct aufs *aufs, struct node *dir, const char *name,
	      bool alone, struct found *found)
{
	struct plink *plink = plink_of_original(&aufs->plinks, &found->st);
	if (!plink || !plink->branch ||
	    plink->branch->index > found->layers[0].branch->index)
		return 0;
	return alone ? link_to_copy(aufs, dir, name, plink, found) : -EAGAIN;
}

/* A directory has got other layers than it was known with: changed in a
 * branch directly, or opaque by now.  What was found is what it is. */
static void
adopt(struct aufs *aufs, struct node *node, struct found *found)
{
	struct layer old[AUFS_BRANCHES_MAX];
	unsigned int old_count = node->layer_count;
	memcpy(old, node->layers, old_count * sizeof(*old));
	node_replace(&aufs->nodes, node, found->layers, found->count,
		     found->ends, &found->st);
	node_forget_listing(&aufs->nodes, node);
	for (unsigned int i = 0; i < old_count; i++)
		close(old[i].fd);
	found->count = 0;
}

int
union_look_up(struct aufs *aufs, struct node *dir, const char *name,
	      struct hint hint, bool alone, struct node **node,
	      struct stat *st)
{
	struct found found;
	bool differs;
	int result = union_find(dir, name, hint, &found);
	if (result == 0 && has_other_names(&found) && !aufs->no_plinks)
		result = find_by_plink(aufs, dir, name, alone, &found);
	if (result < 0) {
		union_close(&found);
		return result;
	}
	*node = node_get(&aufs->nodes, found.layers, found.count, found.ends,
			 &found.st, &differs);
	if (differs && node_is_directory(*node)) {
		node_drop(&aufs->nodes, *node);
		if (!alone)
			return -EAGAIN;
		result = union_find(dir, name, UNION_UNKNOWN, &found);
		if (result < 0)
			return result;
		adopt(aufs, *node, &found);
		node_hold(&aufs->nodes, *node);
	}
	*st = found.st;
	node_add_alias(&aufs->nodes, *node, dir, name);
	return 0;
}

/* ---- places to write --------------------------------------------------- */

static struct layer *
layer_in(const struct node *dir, const struct branch *branch)
{
	for (unsigned int i = 0; i < dir->layer_count; i++)
		if (dir->layers[i].branch == branch)
			return &dir->layers[i];
	return NULL;
}

/* Would a directory put into the branch be seen?  Not below an opaque one. */
static bool
can_have(const struct node *dir, const struct branch *branch)
{
	return !dir->ends ||
	       dir->layers[dir->layer_count - 1].branch->index >=
		       branch->index;
}

static void
add_layer(struct aufs *aufs, struct node *dir, const struct layer *layer)
{
	struct layer layers[AUFS_BRANCHES_MAX];
	unsigned int count = 0;
	struct stat st;
	for (unsigned int i = 0; i <= dir->layer_count; i++) {
		bool comes_here = count == i &&
				  (i == dir->layer_count ||
				   dir->layers[i].branch->index >
					   layer->branch->index);
		if (comes_here)
			layers[count++] = *layer;
		if (i < dir->layer_count)
			layers[count++] = dir->layers[i];
	}
	uint64_t number = dir->ino;
	if (fstat(layers[0].fd, &st) < 0)
		return;
	node_replace(&aufs->nodes, dir, layers, count, dir->ends, &st);
	number_keep(&aufs->nodes.numbers, &st, number);
}

int
union_raise_directory(struct aufs *aufs, struct node *dir,
		      struct branch *branch, struct layer *layer)
{
	const struct layer *own = layer_in(dir, branch);
	if (own) {
		*layer = *own;
		return 0;
	}
	if (!dir->aliases) /* it was removed */
		return -ENOENT;
	if (!can_have(dir, branch))
		return -EXDEV;
	struct layer parent;
	const struct alias *alias = dir->aliases;
	int result = union_raise_directory(aufs, alias->parent, branch,
					   &parent);
	if (result < 0)
		return result;
	result = copy_directory(&parent, alias->name, dir->layers[0].fd);
	if (result < 0)
		return result;
	*layer = (struct layer){ branch, result };
	add_layer(aufs, dir, layer);
	node_forget_listing(&aufs->nodes, dir);
	node_forget_listing(&aufs->nodes, alias->parent);
	return 0;
}

/* Does something above the branch hide that name from it? */
static bool
is_hidden_in(const struct node *dir, const char *name,
	     const struct branch *branch)
{
	for (unsigned int i = 0; i < dir->layer_count; i++)
		if (dir->layers[i].branch->index < branch->index &&
		    !branch_is_writable(dir->layers[i].branch) &&
		    whiteout_is_in(&dir->layers[i], name))
			return true;
	return false;
}

static struct branch *
choose_branch(struct aufs *aufs, const struct node *dir, const char *name)
{
	struct branch *can[AUFS_BRANCHES_MAX];
	int count = 0;
	for (int i = 0; i < aufs->branch_count; i++)
		if (branch_is_writable(aufs->branches[i]) &&
		    can_have(dir, aufs->branches[i]) &&
		    !is_hidden_in(dir, name, aufs->branches[i]))
			can[count++] = aufs->branches[i];
	if (count == 0)
		return NULL;
	if (aufs->create == AUFS_CREATE_RR)
		return can[aufs->created++ % count];
	/* The topmost that has the directory, or else the topmost. */
	for (int i = 0; i < count; i++)
		if (layer_in(dir, can[i]))
			return can[i];
	return can[0];
}

/* What is made in a directory may inherit from it: so its part in a branch has
 * to be like the topmost, the one that is seen. */
static int
make_alike(const struct node *dir, const struct layer *layer)
{
	const struct layer *top = &dir->layers[0];
	return top->branch == layer->branch ?
		       0 : copy_likeness(top->fd, layer->fd);
}

int
union_place(struct aufs *aufs, struct node *dir, const char *name,
	    struct layer *layer)
{
	int result = check_name(name);
	if (result < 0)
		return result;
	if (dir != &aufs->nodes.root && !dir->aliases)
		return -ENOENT;
	struct branch *branch = choose_branch(aufs, dir, name);
	if (!branch)
		return -EROFS;
	result = union_raise_directory(aufs, dir, branch, layer);
	return result < 0 ? result : make_alike(dir, layer);
}

int
union_place_above(struct aufs *aufs, struct node *dir,
		  const struct branch *branch, struct layer *layer)
{
	struct branch *chosen = NULL;
	for (int i = 0; i <= branch->index; i++)
		if (branch_is_writable(aufs->branches[i]) &&
		    (!chosen ||
		     (!layer_in(dir, chosen) &&
		      layer_in(dir, aufs->branches[i]))))
			chosen = aufs->branches[i];
	if (branch_is_writable(branch))
		chosen = aufs->branches[branch->index];
	return chosen ? union_raise_directory(aufs, dir, chosen, layer) :
			-EROFS;
}

int
union_unhide(const struct node *dir, const char *name,
	     const struct layer *layer)
{
	int result = 0;
	for (unsigned int i = 0; i < dir->layer_count && result == 0; i++)
		if (dir->layers[i].branch->index <= layer->branch->index &&
		    branch_is_writable(dir->layers[i].branch))
			result = whiteout_remove(&dir->layers[i], name);
	return result;
}
