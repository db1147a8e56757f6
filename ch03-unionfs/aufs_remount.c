/* aufs_remount.c - see aufs_remount.h. */
#include "aufs_remount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aufs_forget.h"
#include "aufs_handle.h"
#include "aufs_listing.h"
#include "aufs_options.h"
#include "aufs_show.h"
#include "aufs_union.h"

/* How long the kernel gets to let go of what it only remembers. */
#define PATIENCE_MS 1000
#define INTERVAL_MS 5

int
remount_make_root(struct aufs *aufs)
{
	struct layer layers[AUFS_BRANCHES_MAX];
	struct stat st;
	for (int i = 0; i < aufs->branch_count; i++) {
		struct branch *branch = aufs->branches[i];
		int fd = fcntl(branch->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return fail("hold branch %s", branch->path);
		layers[i] = (struct layer){ branch, fd };
	}
	if (fstat(layers[0].fd, &st) < 0)
		return fail("look at %s", aufs->branches[0]->path);
	struct node *root = &aufs->nodes.root;
	for (unsigned int i = 0; i < root->layer_count; i++)
		close(root->layers[i].fd);
	node_replace(&aufs->nodes, root, layers, aufs->branch_count, false,
		     &st);
	return 0;
}

/* ---- after a change: everything is where it is now --------------------- */

/* Every node but the root.  We have a reference to each: the kernel may forget
 * it meanwhile, and for that nobody needs `tree`. */
struct all_nodes {
	struct nodes *nodes;
	struct node **all;
	size_t count;
};

static struct all_nodes
all_nodes(struct aufs *aufs)
{
	struct nodes *nodes = &aufs->nodes;
	struct all_nodes all = { .nodes = nodes };
	pthread_mutex_lock(&nodes->lock);
	all.all = new_bytes(nodes->count * sizeof(*all.all));
	for (size_t i = 0; i < nodes->chain_count; i++)
		for (struct node *node = nodes->chains[i]; node;
		     node = node->next) {
			node->references++;
			all.all[all.count++] = node;
		}
	pthread_mutex_unlock(&nodes->lock);
	return all;
}

static void
drop_nodes(struct all_nodes *all)
{
	for (size_t i = 0; i < all->count; i++)
		node_drop(all->nodes, all->all[i]);
	free(all->all);
}
#define auto_nodes __attribute__((cleanup(drop_nodes)))

static unsigned int
depth(const struct node *node)
{
	unsigned int depth = 0;
	while (node->aliases) {
		node = node->aliases->parent;
		depth++;
	}
	return depth;
}

static int
by_depth(const void *one, const void *other)
{
	struct node *const *a = one, *const *b = other;
	unsigned int first = depth(*a), second = depth(*b);
	return first < second ? -1 : first > second;
}

/* Its layers, found again from its parent. */
static void
find_again(struct aufs *aufs, struct node *dir)
{
	struct found found;
	if (!dir->aliases ||
	    union_find(dir->aliases->parent, dir->aliases->name,
		       UNION_UNKNOWN, &found) < 0)
		return;
	if (!S_ISDIR(found.st.st_mode)) {
		union_close(&found);
		return;
	}
	uint64_t number = dir->ino;
	for (unsigned int i = 0; i < dir->layer_count; i++)
		close(dir->layers[i].fd);
	node_replace(&aufs->nodes, dir, found.layers, found.count, found.ends,
		     &found.st);
	number_keep(&aufs->nodes.numbers, &found.st, number);
}

/*
 * With `tree` held alone.  The names of files, which may lead elsewhere now,
 * come back in `names`.
 */
static int
refresh(struct aufs *aufs, struct known_names *names)
{
	if (remount_make_root(aufs) < 0)
		return -1;
	auto_nodes struct all_nodes all = all_nodes(aufs);
	qsort(all.all, all.count, sizeof(*all.all), by_depth);
	node_forget_listing(&aufs->nodes, &aufs->nodes.root);
	for (size_t i = 0; i < all.count; i++) {
		struct node *node = all.all[i];
		if (node_is_directory(node)) {
			node_forget_listing(&aufs->nodes, node);
			find_again(aufs, node);
		} else {
			forget_collect(aufs, node, names);
		}
	}
	return 0;
}

/* ---- the array of branches --------------------------------------------- */

static void
number_branches(struct aufs *aufs)
{
	for (int i = 0; i < aufs->branch_count; i++)
		aufs->branches[i]->index = i;
}

static struct branch *
find_branch(struct aufs *aufs, const char *spec)
{
	struct branch *wanted = branch_parse(spec, false), *found = NULL;
	auto_free char *path = realpath(wanted->path, NULL);
	for (int i = 0; i < aufs->branch_count; i++)
		if (strcmp(aufs->branches[i]->path,
			   path ? path : wanted->path) == 0)
			found = aufs->branches[i];
	if (!found) {
		errno = ENOENT;
		fail("find branch %s in the union", wanted->path);
	}
	branch_free(wanted);
	return found;
}

static int
check_new(const struct aufs *aufs, const struct branch *branch)
{
	errno = EINVAL;
	for (int i = 0; i < aufs->branch_count; i++)
		if (branch_overlaps(aufs->branches[i], branch))
			return fail("branch %s overlaps branch %s",
				    branch->path, aufs->branches[i]->path);
	if (aufs->branch_count == AUFS_BRANCHES_MAX)
		return fail("branch %s: there are %d, which is the most",
			    branch->path, AUFS_BRANCHES_MAX);
	return 0;
}

static int
insert(struct aufs *aufs, int index, const char *spec, bool first)
{
	struct branch *branch = branch_parse(spec, first);
	bool is_writable = branch_is_writable(branch);
	int result = branch_open(branch);
	if (result == 0)
		result = check_new(aufs, branch);
	if (result == 0 && is_writable)
		result = branch_begin_writing(branch);
	if (result < 0) {
		branch_free(branch);
		return -1;
	}
	branch->id = aufs->next_id++;
	memmove(&aufs->branches[index + 1], &aufs->branches[index],
		(aufs->branch_count - index) * sizeof(branch));
	aufs->branches[index] = branch;
	aufs->branch_count++;
	number_branches(aufs);
	if (is_writable)
		plinks_read(&aufs->plinks, branch, aufs->branches,
			    aufs->branch_count);
	return 0;
}

int
aufs_append(struct aufs *aufs, const char *spec)
{
	return insert(aufs, aufs->branch_count, spec, aufs->branch_count == 0);
}

static int
add_list(struct aufs *aufs, const char *list)
{
	auto_free char *copy = copy_text(list);
	char *rest = copy;
	for (char *spec; (spec = strsep(&rest, ":"));)
		if (*spec && aufs_append(aufs, spec) < 0)
			return -1;
	return 0;
}

/* "INDEX:BRANCH" */
static int
add_at(struct aufs *aufs, char *value)
{
	uint64_t index;
	char *spec = value;
	const char *number = strsep(&spec, ":");
	if (!spec || parse_number(number, 0, aufs->branch_count, &index) < 0)
		return failx("option add: INDEX:BRANCH, with an index from 0 "
			     "to %d", aufs->branch_count);
	return insert(aufs, index, spec, false);
}

/* ---- what is in use ---------------------------------------------------- */

static bool
is_only_in(const struct node *node, const struct branch *branch)
{
	return node->layer_count == 1 && node->layers[0].branch == branch;
}

/* Open for writing, or copied just now? */
static bool
is_written(struct aufs *aufs, const struct branch *branch)
{
	auto_nodes struct all_nodes all = all_nodes(aufs);
	for (size_t i = 0; i < all.count; i++) {
		const struct node *node = all.all[i];
		if (!is_only_in(node, branch) || node_is_directory(node))
			continue;
		if (node->copying)
			return true;
		for (struct handle *h = node->handles; h; h = h->next)
			if ((h->flags & O_ACCMODE) != O_RDONLY)
				return true;
	}
	return false;
}

/* What is only there and nowhere else: its names, and how many files. */
static size_t
names_only_in(struct aufs *aufs, const struct branch *branch,
	      struct known_names *names)
{
	size_t found = 0;
	auto_nodes struct all_nodes all = all_nodes(aufs);
	for (size_t i = 0; i < all.count; i++) {
		if (!is_only_in(all.all[i], branch))
			continue;
		found++;
		forget_collect(aufs, all.all[i], names);
	}
	return found;
}

/* ---- words ------------------------------------------------------------- */

static int
busy(const struct branch *branch)
{
	errno = EBUSY;
	return fail("branch %s has files in use", branch->path);
}

/*
 * With `tree` held alone.  What is left in the branch is in use, or the kernel
 * only remembers it: then it forgets the `names`, and we hear of that later.
 */
static int
remove_branch(struct aufs *aufs, const char *spec, struct known_names *names)
{
	struct branch *branch = find_branch(aufs, spec);
	if (!branch)
		return -1;
	if (aufs->branch_count == 1)
		return failx("branch %s is the last one: umount",
			     branch->path);
	if (names_only_in(aufs, branch, names) > 0)
		return busy(branch);
	int index = branch->index;
	aufs->branch_count--;
	memmove(&aufs->branches[index], &aufs->branches[index + 1],
		(aufs->branch_count - index) * sizeof(branch));
	number_branches(aufs);
	plinks_leave(&aufs->plinks, branch);
	int result = refresh(aufs, names);
	branch_free(branch);
	return result;
}

static int
modify(struct aufs *aufs, const char *spec)
{
	struct branch *branch = find_branch(aufs, spec);
	if (!branch)
		return -1;
	struct branch *wanted = branch_parse(spec, false);
	bool was_writable = branch_is_writable(branch);
	bool is_writable = branch_is_writable(wanted);
	auto_free char *words = copy_text(branch_permission(wanted));
	branch_free(wanted);
	if (was_writable && !is_writable && is_written(aufs, branch))
		return busy(branch);
	branch_set_permission(branch, words);
	if (was_writable && !is_writable) {
		plinks_leave(&aufs->plinks, branch);
		branch_retire(branch);
	}
	if (is_writable && !was_writable && branch_begin_writing(branch) < 0) {
		branch_set_permission(branch, "ro");
		return -1;
	}
	return 0;
}

/* With `tree` held alone. */
static int
change(struct aufs *aufs, const struct option_word *word)
{
	char *value = word->value;
	bool is = value && *value;
	if (is && (strcmp(word->name, "br") == 0 ||
		   strcmp(word->name, "dirs") == 0))
		return add_list(aufs, value);
	if (is && (strcmp(word->name, "add") == 0 ||
		   strcmp(word->name, "ins") == 0))
		return add_at(aufs, value);
	if (is && strcmp(word->name, "append") == 0)
		return insert(aufs, aufs->branch_count, value, false);
	if (is && strcmp(word->name, "prepend") == 0)
		return insert(aufs, 0, value, false);
	if (is && strcmp(word->name, "mod") == 0)
		return modify(aufs, value);
	return option_set(aufs, word);
}

int
aufs_set_options(struct aufs *aufs, const char *options)
{
	auto_free char *copy = copy_text(options);
	char *rest = copy;
	struct option_word word;
	while (option_next(&rest, &word))
		if (change(aufs, &word) < 0)
			return -1;
	return 0;
}

static int
try_by(struct aufs *aufs, const struct option_word *word)
{
	struct known_names names = { 0 };
	pthread_rwlock_wrlock(&aufs->tree);
	int result = -1;
	if (strcmp(word->name, "del") == 0 && word->value)
		result = remove_branch(aufs, word->value, &names);
	else if (change(aufs, word) == 0)
		result = refresh(aufs, &names);
	if (result == 0)
		show_write(aufs);
	pthread_rwlock_unlock(&aufs->tree);
	forget_names(aufs, &names);
	return result;
}

/*
 * One word of a remount: what it does is seen when it returns.  What has just
 * been closed or forgotten is in use until another thread has read of it.
 */
static int
remount_by(struct aufs *aufs, const struct option_word *word)
{
	struct timespec interval = { .tv_nsec = INTERVAL_MS * 1000000 };
	int waited = 0;
	while (try_by(aufs, word) < 0) {
		if (failure.code != EBUSY || waited >= PATIENCE_MS)
			return -1;
		nanosleep(&interval, NULL);
		waited += INTERVAL_MS;
	}
	return 0;
}

static int
remount(struct aufs *aufs, struct aufs_command *command)
{
	auto_free char *copy = copy_text(command->text);
	char *rest = copy;
	struct option_word word;
	while (option_next(&rest, &word)) {
		if (remount_by(aufs, &word) == 0)
			continue;
		snprintf(command->text, sizeof(command->text), "%s",
			 failure.text);
		return failure.code ? -failure.code : -EINVAL;
	}
	snprintf(command->text, sizeof(command->text), "%s",
		 aufs->listing ? aufs->listing : "");
	return 0;
}

ssize_t
remount_op_ioctl(struct fuse_request *request)
{
	struct aufs *aufs = request->fuse->data;
	const struct fuse_ioctl_in *in = (const void *)request->arg;
	struct fuse_ioctl_out *out = (void *)request->out;
	struct aufs_command *command = (void *)(out + 1);
	if (in->cmd != AUFS_REMOUNT || request->in->nodeid != 1 ||
	    aufs->is_sealed ||
	    in->in_size != sizeof(*command) ||
	    in->out_size != sizeof(*command))
		return -ENOTTY;
	if (request->in->uid != geteuid())
		return -EPERM;
	fuse_let_others();
	memcpy(command, in + 1, sizeof(*command));
	command->text[sizeof(command->text) - 1] = '\0';
	*out = (struct fuse_ioctl_out){ .result = remount(aufs, command) };
	return sizeof(*out) + sizeof(*command);
}
