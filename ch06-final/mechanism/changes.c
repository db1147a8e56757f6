/* changes.c - see changes.h. */
#include "changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What is under a name in the layers: nothing, a file, or the directories
 * that show through there, the topmost first. */
struct below {
	bool is_there;
	size_t *layers; /* of the stack: those that have a directory */
	size_t count;
};

/* A directory of the upper, and what it stands over. */
struct place {
	int dir;
	const char *path; /* "" for the root */
	struct below below;
	bool is_replaced; /* it is opaque, or in one that is */
};

struct walk {
	const struct overlay *stack;
	enum marks marks;
	struct changes *changes;
};

static int visit(const struct walk *walk, const struct place *place);

static void
add(const struct walk *walk, char kind, const char *path, const char *name)
{
	struct changes *changes = walk->changes;
	struct change *list = resize_bytes(
		changes->list, (changes->count + 1) * sizeof(*list));
	list[changes->count++] =
		(struct change){ kind, text("%s/%s", path, name) };
	changes->list = list;
}

/* ---- the layers -------------------------------------------------------- */

static int
open_layer(const struct walk *walk, size_t layer, const char *path)
{
	auto_free char *full =
		text("%s%s", walk->stack->layers[layer], path);
	int dir = open(full, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir >= 0 ? dir : fail("open %s", full);
}

static void
free_below(struct below *below)
{
	free(below->layers);
}

/*
 * Look up `path` in one layer: 1 when what is below it must be asked, too, 0
 * when it cannot show through.
 */
static int
look_up_in(const struct walk *walk, size_t layer, const char *path,
	   struct below *below)
{
	const char *name = strrchr(path, '/') + 1;
	auto_free char *parent = text("%.*s", (int)(name - path), path);
	auto_close int dir = open_layer(walk, layer, parent);
	if (dir < 0)
		return -1;
	auto_free char *whiteout = text(".wh.%s", name);
	struct stat st;
	if (walk->marks == MARKS_NAMES &&
	    fstatat(dir, whiteout, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 1 : fail("look at %s", path);
	if (!S_ISDIR(st.st_mode)) {
		bool is_whiteout = walk->marks != MARKS_NAMES &&
				   S_ISCHR(st.st_mode) && st.st_rdev == 0;
		below->is_there = below->is_there || !is_whiteout;
		return 0;
	}
	below->is_there = true;
	below->layers[below->count++] = layer;
	auto_close int found = open_layer(walk, layer, path);
	int is_opaque = found < 0 ? -1 : marks_is_opaque(found, walk->marks);
	return is_opaque < 0 ? -1 : !is_opaque;
}

/* What is under `path`, whose directory stands over `parent`. */
static int
look_up(const struct walk *walk, const struct below *parent, const char *path,
	struct below *below)
{
	below->layers = new_bytes(parent->count * sizeof(size_t) + 1);
	for (size_t i = 0; i < parent->count; i++) {
		walk->changes->lookups++;
		int goes_on = look_up_in(walk, parent->layers[i], path, below);
		if (goes_on <= 0)
			return goes_on;
	}
	return 0;
}

/* Has a layer above said anything of this name? */
static bool
is_hidden(const struct marks_list *above, size_t count, const char *name)
{
	auto_free char *whiteout = text(".wh.%s", name);
	for (size_t i = 0; i < count; i++)
		if (marks_list_has(&above[i], name) ||
		    marks_list_has(&above[i], whiteout))
			return true;
	return false;
}

/* What the layers showed here and the upper has no more. */
static int
add_missing(const struct walk *walk, const struct place *place,
	    const struct marks_list *upper, struct marks_list *lists)
{
	const struct below *below = &place->below;
	for (size_t i = 0; i < below->count; i++) {
		auto_close int dir =
			open_layer(walk, below->layers[i], place->path);
		if (dir < 0 || marks_list(dir, &lists[i]) < 0)
			return -1;
		walk->changes->listings++;
		for (size_t n = 0; n < lists[i].count; n++) {
			const char *hidden, *name = lists[i].names[n];
			int mark = marks_look(dir, name, walk->marks, &hidden);
			if (mark < 0)
				return -1;
			if (mark == MARK_NONE &&
			    !is_hidden(upper, 1, name) &&
			    !is_hidden(lists, i, name))
				add(walk, 'D', place->path, name);
		}
	}
	return 0;
}

static int
add_all_missing(const struct walk *walk, const struct place *place,
		const struct marks_list *upper)
{
	size_t count = place->below.count;
	auto_free struct marks_list *lists =
		new_bytes((count + 1) * sizeof(*lists));
	int result = add_missing(walk, place, upper, lists);
	while (count > 0)
		marks_free_list(&lists[--count]);
	return result;
}

/* ---- the upper --------------------------------------------------------- */

static int
refuse_redirect(int dir, const char *path, enum marks marks)
{
	const char *attribute = marks == MARKS_USER ?
					"user.overlay.redirect" :
					"trusted.overlay.redirect";
	if (marks != MARKS_NAMES && fgetxattr(dir, attribute, NULL, 0) >= 0)
		return failx("%s was renamed by redirect_dir=on: what it "
			     "holds is in a layer, under another name", path);
	return 0;
}

static int
enter(const struct walk *walk, const struct place *parent, const char *name,
      struct place *place)
{
	auto_close int dir = openat(parent->dir, name,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					    O_CLOEXEC);
	if (dir < 0)
		return errno == ENOTDIR || errno == ELOOP ?
			       0 :
			       fail("open %s", place->path);
	int is_opaque = marks_is_opaque(dir, walk->marks);
	if (is_opaque < 0 ||
	    refuse_redirect(dir, place->path, walk->marks) < 0)
		return -1;
	place->is_replaced = parent->is_replaced || is_opaque;
	place->dir = dir;
	return visit(walk, place);
}

static int
visit_entry(const struct walk *walk, const struct place *parent,
	    const char *name)
{
	auto_free char *path = text("%s/%s", parent->path, name);
	struct place place = { .path = path };
	int result = look_up(walk, &parent->below, path, &place.below);
	if (result == 0) {
		add(walk, place.below.is_there ? 'C' : 'A', parent->path,
		    name);
		result = enter(walk, parent, name, &place);
	}
	free_below(&place.below);
	return result;
}

static int
visit(const struct walk *walk, const struct place *place)
{
	auto_list struct marks_list upper = { 0 };
	if (marks_list(place->dir, &upper) < 0)
		return -1;
	for (size_t i = 0; i < upper.count; i++) {
		const char *hidden, *name = upper.names[i];
		int mark = marks_look(place->dir, name, walk->marks, &hidden);
		if (mark < 0 ||
		    (mark == MARK_NONE && visit_entry(walk, place, name) < 0))
			return -1;
		if (mark == MARK_WHITEOUT)
			add(walk, 'D', place->path, hidden);
	}
	return place->is_replaced ? add_all_missing(walk, place, &upper) : 0;
}

/* ---- all of it --------------------------------------------------------- */

/* A directory comes right before what is in it: '/' is the first sign. */
static int
compare_changes(const void *a, const void *b)
{
	const char *left = ((const struct change *)a)->path;
	const char *right = ((const struct change *)b)->path;
	for (; *left && *left == *right; left++)
		right++;
	int l = *left == '/' ? 1 : *left ? (unsigned char)*left + 1 : 0;
	int r = *right == '/' ? 1 : *right ? (unsigned char)*right + 1 : 0;
	return l - r;
}

int
changes_read(const struct overlay *stack, enum marks marks,
	     struct changes *changes)
{
	*changes = (struct changes){ 0 };
	struct walk walk = { stack, marks, changes };
	struct place root = { .path = "" };
	auto_close int dir = open(stack->upper,
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", stack->upper);
	root.dir = dir;
	root.below.layers = new_bytes(stack->layer_count * sizeof(size_t) + 1);
	for (; root.below.count < stack->layer_count; root.below.count++)
		root.below.layers[root.below.count] = root.below.count;
	int result = visit(&walk, &root);
	free_below(&root.below);
	if (result < 0)
		changes_free(changes);
	else if (changes->count > 0)
		qsort(changes->list, changes->count, sizeof(*changes->list),
		      compare_changes);
	return result;
}

void
changes_free(struct changes *changes)
{
	while (changes->count > 0)
		free(changes->list[--changes->count].path);
	free(changes->list);
	*changes = (struct changes){ 0 };
}
