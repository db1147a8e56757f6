/* test_aufs_union.c - what is where in a union of plain directories. */
#include "aufs_union.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs.h"
#include "aufs_listing.h"
#include "aufs_remount.h"
#include "aufs_whiteout.h"
#include "test.h"

/* A union in a directory of its own, with these branches: "a=rw:b=ro". */
struct scene {
	char top[64];
	struct aufs aufs;
};

static void
put(const struct scene *scene, const char *name)
{
	auto_free char *path = text("%s/%s", scene->top, name);
	size_t length = strlen(path);
	if (path[length - 1] == '/') {
		assert_int_equal(mkdir(path, 0755), 0);
		return;
	}
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	assert_true(fd >= 0);
}

static bool
is_there(const struct scene *scene, const char *name)
{
	struct stat st;
	auto_free char *path = text("%s/%s", scene->top, name);
	return lstat(path, &st) == 0;
}

/* `names` ends with NULL; directories end with a slash. */
static void
begin(struct scene *scene, const char *const names[], const char *branches)
{
	strcpy(scene->top, "/tmp/mydocker-unit-union.XXXXXX");
	assert_non_null(mkdtemp(scene->top));
	for (; *names; names++)
		put(scene, *names);
	auto_free char *copy = copy_text(branches);
	char *rest = copy, *options = copy_text("br:");
	for (char *spec; (spec = strsep(&rest, ":"));) {
		char *longer = text("%s%s%s/%s", options,
				    options[3] ? ":" : "", scene->top, spec);
		free(options);
		options = longer;
	}
	aufs_init(&scene->aufs);
	if (aufs_set_options(&scene->aufs, options) < 0)
		fail_msg("%s", failure.text);
	assert_int_equal(remount_make_root(&scene->aufs), 0);
	free(options);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static void
end(struct scene *scene)
{
	aufs_free(&scene->aufs);
	assert_int_equal(nftw(scene->top, remove_one, 8,
			      FTW_DEPTH | FTW_PHYS | FTW_MOUNT), 0);
}

/* Who has a listing asks fewer layers, and finds the same. */
static void
expect_by_listing(struct scene *scene, const char *name,
		  const struct found *found)
{
	struct nodes *nodes = &scene->aufs.nodes;
	struct found again;
	struct listing *listing =
		listing_read(&nodes->numbers, nodes->root.layers,
			     nodes->root.layer_count, false);
	assert_non_null(listing);
	struct hint hint = { AUFS_BRANCHES_MAX, listing->hiding };
	for (uint32_t i = 0; i < listing->count; i++)
		if (strcmp(listing_name(listing, &listing->all[i]), name) == 0)
			hint.from = listing->all[i].layer;
	listing_drop(listing);
	assert_int_equal(union_find(&nodes->root, name, hint, &again), 0);
	assert_int_equal(again.st.st_ino, found->st.st_ino);
	assert_int_equal(again.count, found->count);
	assert_int_equal(again.ends, found->ends);
	union_close(&again);
}

/* In which branches it is: "0", "0 2", or why it is not.  Whoever only asks
 * what the topmost is gets to know the same. */
static const char *
where(struct scene *scene, const char *name)
{
	static char answer[64];
	const struct node *root = &scene->aufs.nodes.root;
	const struct branch *branch;
	struct found found;
	struct stat st;
	int result = union_find(root, name, UNION_UNKNOWN, &found);
	assert_int_equal(union_stat(root, name, &branch, &st), result);
	if (result < 0)
		return strerrorname_np(-result);
	assert_ptr_equal(branch, found.layers[0].branch);
	assert_int_equal(st.st_ino, found.st.st_ino);
	expect_by_listing(scene, name, &found);
	answer[0] = '\0';
	for (unsigned int i = 0; i < found.count; i++)
		sprintf(answer + strlen(answer), "%s%d", i ? " " : "",
			found.layers[i].branch->index);
	if (found.ends)
		strcat(answer, ".");
	union_close(&found);
	return answer;
}

static void
the_topmost_wins(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "b/", "c/", "a/x", "b/x", "b/y",
				      "c/z", "a/d/", "c/d/", "b/d",
				      "b/e/",  "c/e/", NULL };
	begin(&scene, names, "a=rw:b=ro:c=ro");
	assert_string_equal(where(&scene, "x"), "0");
	assert_string_equal(where(&scene, "y"), "1");
	assert_string_equal(where(&scene, "z"), "2");
	/* A file between two directories ends the upper one. */
	assert_string_equal(where(&scene, "d"), "0.");
	assert_string_equal(where(&scene, "e"), "1 2");
	assert_string_equal(where(&scene, "none"), "ENOENT");
	end(&scene);
}

static void
whiteouts_count_where_they_may(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "b/", "c/", "c/f", "b/.wh.f",
				      "c/g", "a/.wh.g", "a/d/", "b/d/",
				      "c/d/", "b/d/.wh..wh..opq",
				      "a/e/", "a/.wh.e", "b/e/", NULL };
	begin(&scene, names, "a=rw:b=ro:c=ro");
	assert_string_equal(where(&scene, "f"), "2");
	assert_string_equal(where(&scene, "g"), "ENOENT");
	assert_string_equal(where(&scene, "d"), "0 1 2");
	assert_string_equal(where(&scene, "e"), "0.");
	branch_set_permission(scene.aufs.branches[1], "ro+wh");
	assert_string_equal(where(&scene, "f"), "ENOENT");
	assert_string_equal(where(&scene, "d"), "0 1.");
	end(&scene);
}

static void
names_that_are_refused(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "b/", NULL };
	char longest[AUFS_NAME_MAX + 2];
	begin(&scene, names, "a=rw:b=ro");
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_string_equal(where(&scene, longest), "ENAMETOOLONG");
	longest[AUFS_NAME_MAX] = '\0';
	assert_string_equal(where(&scene, longest), "ENOENT");
	assert_string_equal(where(&scene, ".wh.x"), "EPERM");
	assert_string_equal(where(&scene, ".wh..wh.aufs"), "EPERM");
	assert_string_equal(where(&scene, ".whx"), "ENOENT");
	end(&scene);
}

/* ---- listings ---------------------------------------------------------- */

static int
compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static void
listed(struct scene *scene, bool show, const char *expected)
{
	const struct node *root = &scene->aufs.nodes.root;
	struct listing *listing = listing_read(&scene->aufs.nodes.numbers,
					       root->layers,
					       root->layer_count, show);
	assert_non_null(listing);
	const char *names[64];
	size_t count = 0;
	char line[512] = "";
	for (uint32_t i = 0; i < listing->count; i++)
		if (!listing->all[i].hidden)
			names[count++] =
				listing_name(listing, &listing->all[i]);
	qsort(names, count, sizeof(*names), compare);
	for (size_t i = 0; i < count; i++)
		sprintf(line + strlen(line), "%s%s", i ? " " : "", names[i]);
	assert_string_equal(line, expected);
	assert_int_equal(listing_visible(listing), count);
	listing_drop(listing);
}

static void
each_name_once(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "b/", "c/", "a/x", "b/x", "b/y",
				      "c/x", "c/z", "a/.wh.z", "b/.wh.x",
				      "c/w", "b/.wh.w", NULL };
	begin(&scene, names, "a=rw:b=ro:c=ro");
	listed(&scene, false, "w x y");
	branch_set_permission(scene.aufs.branches[1], "ro+wh");
	listed(&scene, false, "x y");
	branch_set_permission(scene.aufs.branches[0], "ro+wh");
	listed(&scene, true,
	       ".wh..wh.aufs .wh..wh.orph .wh..wh.plnk .wh.w .wh.x .wh.z x y");
	end(&scene);
}

static void
many_names(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "b/", NULL };
	begin(&scene, names, "a=rw:b=ro");
	for (int i = 0; i < 600; i++) {
		auto_free char *name = text("%c/f%d", i % 2 ? 'a' : 'b', i);
		put(&scene, name);
	}
	const struct node *root = &scene.aufs.nodes.root;
	struct listing *listing = listing_read(&scene.aufs.nodes.numbers,
					       root->layers,
					       root->layer_count, false);
	assert_int_equal(listing_visible(listing), 600);
	assert_true(listing_is_current(listing, root->layers,
				       root->layer_count));
	listing_drop(listing);
	end(&scene);
}

/* ---- places ------------------------------------------------------------ */

static int
place_of(struct scene *scene, const char *name)
{
	struct layer layer;
	int result = union_place(&scene->aufs, &scene->aufs.nodes.root, name,
				 &layer);
	return result < 0 ? result : layer.branch->index;
}

static void
where_new_names_go(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "b/", "c/", "a/.wh.x", NULL };
	begin(&scene, names, "a=ro:b=rw:c=rw");
	assert_int_equal(place_of(&scene, "n"), 1);
	scene.aufs.create = AUFS_CREATE_RR;
	assert_int_equal(place_of(&scene, "n"), 1);
	assert_int_equal(place_of(&scene, "n"), 2);
	assert_int_equal(place_of(&scene, "n"), 1);
	/* Nothing that is made below its whiteout would be seen. */
	branch_set_permission(scene.aufs.branches[0], "ro+wh");
	assert_int_equal(place_of(&scene, "x"), -EROFS);
	assert_int_equal(place_of(&scene, ".wh.n"), -EPERM);
	branch_set_permission(scene.aufs.branches[1], "ro");
	branch_set_permission(scene.aufs.branches[2], "ro");
	assert_int_equal(place_of(&scene, "n"), -EROFS);
	end(&scene);
}

static void
directories_go_up(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "b/", "b/d/", "b/d/e/", NULL };
	struct node *d, *e;
	struct layer layer;
	struct stat st;
	begin(&scene, names, "a=rw:b=ro");
	struct aufs *aufs = &scene.aufs;
	assert_int_equal(union_look_up(aufs, &aufs->nodes.root, "d",
				       UNION_UNKNOWN, true, &d, &st), 0);
	assert_int_equal(union_look_up(aufs, d, "e", UNION_UNKNOWN, true, &e,
				       &st), 0);
	uint64_t number = e->ino;
	assert_int_equal(union_place(aufs, e, "n", &layer), 0);
	assert_int_equal(layer.branch->index, 0);
	assert_true(is_there(&scene, "a/d/e"));
	assert_int_equal(e->layer_count, 2);
	assert_int_equal(e->ino, number);
	/* Found again it is the same, with both its layers. */
	struct node *again;
	assert_int_equal(union_look_up(aufs, d, "e", UNION_UNKNOWN, true,
				       &again, &st), 0);
	assert_ptr_equal(again, e);
	node_drop(&aufs->nodes, again);
	node_drop(&aufs->nodes, e);
	node_drop(&aufs->nodes, d);
	end(&scene);
}

static void
overlapping_branches(void **state)
{
	(void)state;
	struct scene scene;
	const char *const names[] = { "a/", "a/b/", NULL };
	begin(&scene, names, "a=rw");
	auto_free char *options = text("append:%s/a/b", scene.top);
	assert_int_equal(aufs_set_options(&scene.aufs, options), -1);
	assert_int_equal(failure.code, EINVAL);
	assert_int_equal(aufs_set_options(&scene.aufs, "nonsense"), -1);
	assert_non_null(strstr(failure.text, "nonsense"));
	assert_int_equal(aufs_set_options(&scene.aufs, "udba=notify"), -1);
	assert_int_equal(aufs_set_options(&scene.aufs, "udba=none,dio"), 0);
	end(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_topmost_wins),
		cmocka_unit_test(whiteouts_count_where_they_may),
		cmocka_unit_test(names_that_are_refused),
		cmocka_unit_test(each_name_once),
		cmocka_unit_test(many_names),
		cmocka_unit_test(where_new_names_go),
		cmocka_unit_test(directories_go_up),
		cmocka_unit_test(overlapping_branches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
