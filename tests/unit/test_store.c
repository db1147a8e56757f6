/* test_store.c - the store on disk: names, ids, removal, what a crash leaves.
 * Layers are plain directories here, so no privilege is needed. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "marks.h"
#include "scratch.h"
#include "stage.h"
#include "tree.h"

#include "test.h"

static char place[] = "/tmp/mydocker-unit-XXXXXX";
static char *root;

static int
make_place(void **state)
{
	(void)state;
	strcpy(strrchr(place, '-'), "-XXXXXX");
	if (!mkdtemp(place))
		return -1;
	root = text("%s/store", place);
	return 0;
}

static int
remove_place(void **state)
{
	(void)state;
	free(root);
	auto_close int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp, strrchr(place, '/') + 1);
}

/* 64 digits, all alike: what real digests are does not matter here. */
static char *
hex_of(char digit)
{
	char *hex = new_bytes(65);
	memset(hex, digit, 64);
	return hex;
}

/* An image with the id dddd..., with the layers "ab": aaaa... and bbbb... */
static void
add_image(struct store *store, char digit, const char *layers,
	  const char *name)
{
	struct stage stage;
	struct new_image image = { 0 };
	auto_words struct words missing = { 0 }, renamed = { 0 };
	auto_free char *hex = hex_of(digit), *diffs = copy_text("");
	assert_int_equal(stage_open(&stage, store), 0);
	for (const char *l = layers; *l; l++) {
		auto_free char *layer = hex_of(*l);
		char *longer = text("%s%s\"sha256:%s\"", diffs,
				    *diffs ? "," : "", layer);
		free(diffs);
		diffs = longer;
		words_add(&image.layers, layer);
		if (stage_has_layer(&stage, layer))
			continue;
		auto_close int dir = stage_begin_layer(&stage);
		assert_true(dir >= 0);
		assert_int_equal(mkdirat(dir, "inside", 0755), 0);
		assert_int_equal(stage_keep_layer(&stage, layer, 100), 0);
	}
	image.id = text("sha256:%s", hex);
	image.json = text("{\"os\": \"linux\", \"config\": {\"Env\": "
			  "[\"A=%c\"]}, \"rootfs\": {\"diff_ids\": [%s]}}",
			  digit, diffs);
	if (name)
		words_add(&image.names, name);
	if (stage_commit(&stage, &image, 1, &missing, &renamed) != 0)
		fail_msg("%s", failure.text);
	stage_close(&stage);
	new_image_free(&image);
}

static bool
exists(const char *fmt, char digit, const char *end)
{
	auto_free char *hex = hex_of(digit);
	auto_free char *path = text("%s/%s/%s%s", root, fmt, hex, end);
	return access(path, F_OK) == 0;
}

static bool
has_layer(char digit)
{
	assert_int_equal(exists("layers", digit, ""),
			 exists("layers", digit, ".size"));
	return exists("layers", digit, "");
}

static bool
has_image(char digit)
{
	return exists("blobs/sha256", digit, "");
}

static bool
tmp_is_empty(void)
{
	auto_free char *path = text("%s/tmp", root);
	auto_dir DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			return false;
	return true;
}

/* ---- opening ----------------------------------------------------------- */

static void
opens_and_makes(void **state)
{
	auto_store struct store store = { 0 };
	struct stat st;
	(void)state;
	store_close(&store);
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	assert_int_equal(stat(root, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	store_close(&store);
	store_close(&store);
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
}

static void
says_what_is_in_the_way(void **state)
{
	auto_store struct store store = { 0 };
	auto_free char *file = text("%s/file", place);
	(void)state;
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(store_open(&store, file, STORAGE_OVERLAY), -1);
	assert_non_null(strstr(failure.text, file));
	/* A link in place of one of its directories is not followed. */
	assert_int_equal(mkdir(root, 0700), 0);
	auto_free char *layers = text("%s/layers", root);
	assert_int_equal(symlink(place, layers), 0);
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), -1);
	assert_non_null(strstr(failure.text, "layers"));
}

/* ---- finding ----------------------------------------------------------- */

static void
find(struct store *store, const char *name, char digit)
{
	auto_image struct image image = { 0 };
	auto_free char *hex = hex_of(digit);
	if (store_find_image(store, name, &image) < 0)
		fail_msg("%s: %s", name, failure.text);
	assert_string_equal(image.id + 7, hex);
}

static void
no_image(struct store *store, const char *name, const char *words)
{
	auto_image struct image image = { 0 };
	assert_int_equal(store_find_image(store, name, &image), -1);
	if (!strstr(failure.text, words))
		fail_msg("%s: \"%s\" is not \"%s\"", name, failure.text, words);
	assert_int_equal(failure.code == ENOENT,
			 strncmp(words, "No such", 7) == 0);
	assert_null(image.id);
}

static void
finds_by_name_and_id(void **state)
{
	auto_store struct store store = { 0 };
	auto_free char *hex = hex_of('1'), *short_hex = copy_text("sha256:111");
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	no_image(&store, "busybox", "No such image: busybox:latest");
	add_image(&store, '1', "ab", "busybox:latest");
	add_image(&store, '2', "ac", "deb:12");
	add_image(&store, '3', "d", NULL);
	find(&store, "busybox", '1');
	find(&store, "docker.io/library/busybox:latest", '1');
	find(&store, hex, '1');
	find(&store, "1", '1');
	find(&store, short_hex, '1');
	find(&store, "33", '3');
	auto_free char *by_digest = text("busybox@sha256:%s", hex);
	find(&store, by_digest, '1');
	auto_free char *other = text("deb@sha256:%s", hex);
	no_image(&store, other, "No such image");
	no_image(&store, "deb", "No such image: deb:latest");
	no_image(&store, "4", "No such image");
	no_image(&store, "", "invalid reference format");
	no_image(&store, "A b", "invalid reference format");
	auto_free char *absent = hex_of('9');
	no_image(&store, absent, "No such image");
}

static void
a_name_wins_over_an_id(void **state)
{
	auto_store struct store store = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, 'f', "a", "one:1");
	add_image(&store, '1', "a", "ff:latest");
	find(&store, "ff", '1');
	find(&store, "fff", 'f');
}

static void
an_ambiguous_id_is_refused(void **state)
{
	auto_store struct store store = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, 'e', "a", "one:1");
	/* A second image whose id begins with e. */
	auto_free char *hex = hex_of('e'), *layer = hex_of('a');
	hex[63] = '0';
	auto_free char *path = text("%s/blobs/sha256/%s", root, hex);
	auto_free char *json = text("{\"rootfs\": {\"diff_ids\": "
				    "[\"sha256:%s\"]}}", layer);
	assert_int_equal(write_file(AT_FDCWD, path, json, 0600), 0);
	no_image(&store, "ee", "multiple IDs found with provided prefix: ee");
	auto_image struct image image = { 0 };
	assert_int_equal(store_find_image(&store, hex, &image), 0);
	assert_int_equal(image.id[70], '0');
}

static void
an_image_is_whole(void **state)
{
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "abc", "x:1");
	assert_int_equal(store_find_image(&store, "x:1", &image), 0);
	assert_string_equal(image.name, "x:1");
	assert_string_equal(image.env[0], "A=1");
	assert_null(image.env[1]);
	assert_non_null(image.cmd);
	assert_null(image.cmd[0]);
	assert_string_equal(image.user, "");
	assert_int_equal(image.size, 300);
	/* The top layer first, absolute. */
	for (int i = 0; i < 3; i++) {
		auto_free char *hex = hex_of("cba"[i]);
		auto_free char *path = text("%s/layers/%s", store.root, hex);
		assert_string_equal(image.layers[i], path);
		assert_int_equal(path[0], '/');
	}
	assert_null(image.layers[3]);
}

static void
a_layer_may_hide_all_below(void **state)
{
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	auto_free char *b = hex_of('b');
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "abc", "x:1");
	auto_close int dir = openat(store.layers, b, O_RDONLY | O_CLOEXEC);
	/* Only root may write the attribute. */
	if (marks_make_opaque(dir, marks_of_overlay()) < 0)
		skip();
	assert_int_equal(store_find_image(&store, "x:1", &image), 0);
	assert_non_null(strstr(image.layers[0], "cccc"));
	assert_non_null(strstr(image.layers[1], b));
	assert_null(image.layers[2]);
	assert_int_equal(image.size, 300);
}

/* Docker builds such images: two steps that changed nothing. */
static void
a_layer_may_come_twice(void **state)
{
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "abaca", "x:1");
	assert_int_equal(store_find_image(&store, "x:1", &image), 0);
	for (size_t i = 0; i < 3; i++) {
		auto_free char *hex = hex_of("acb"[i]);
		assert_non_null(strstr(image.layers[i], hex));
	}
	assert_null(image.layers[3]);
}

/* Neither sees what is in the other, and each removes its own alone. */
static void
a_driver_has_its_own(void **state)
{
	auto_store struct store overlay = { 0 }, aufs = { 0 };
	auto_image struct image image = { 0 };
	struct store_removal removal;
	(void)state;
	assert_int_equal(store_open(&overlay, root, STORAGE_OVERLAY), 0);
	assert_int_equal(store_open(&aufs, root, STORAGE_AUFS), 0);
	add_image(&overlay, '1', "ab", "x:1");
	no_image(&aufs, "x:1", "No such image");
	add_image(&aufs, '1', "ab", "x:1");
	assert_int_equal(store_find_image(&aufs, "x:1", &image), 0);
	auto_free char *place_of_layers = text("%s/aufs/layers/b", root);
	assert_memory_equal(image.layers[0], place_of_layers,
			    strlen(place_of_layers));
	assert_int_equal(store_remove_image(&overlay, "x:1", false, NULL,
					    &removal), 0);
	assert_int_equal(removal.deleted.count, 3);
	store_free_removal(&removal);
	no_image(&overlay, "x:1", "No such image");
	find(&aufs, "x:1", '1');
	auto_store struct store third = { 0 };
	assert_int_equal(store_open(&third, root, STORAGE_AUFS), 0);
	find(&third, "x:1", '1');
}

static void
damage_is_named(void **state)
{
	auto_store struct store store = { 0 };
	auto_free char *hex = hex_of('1'), *layer = hex_of('b');
	auto_free char *config = text("%s/blobs/sha256/%s", root, hex);
	auto_free char *layers = text("%s/layers", root);
	auto_free char *table = text("%s/images.json", root);
	auto_free char *lost = text("layers/%s is missing", layer);
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "ab", "x:1");
	assert_int_equal(tree_remove(store.layers, layer), 0);
	no_image(&store, "x:1", lost);
	assert_int_equal(write_file(AT_FDCWD, config, "{\"os\"", 0600), 0);
	no_image(&store, "x:1", "is damaged");
	assert_int_equal(unlink(config), 0);
	no_image(&store, "x:1", "is missing: remove the image");
	/* It can be removed all the same. */
	struct store_removal removal;
	assert_int_equal(store_remove_image(&store, "x:1", false, NULL,
					    &removal), 0);
	store_free_removal(&removal);
	assert_false(has_layer('a'));
	static const char *const bad[] = { "", "{", "[]", "{}",
		"{\"images\": []}", "{\"images\": {\"x:1\": 1}}",
		"{\"images\": {\"x:1\": \"sha256:../../../etc/passwd\"}}" };
	for (size_t i = 0; i < countof(bad); i++) {
		assert_int_equal(write_file(AT_FDCWD, table, bad[i], 0600), 0);
		no_image(&store, "x:1", "images.json");
	}
}

/* ---- listing and names ------------------------------------------------- */

static void
lists_names_and_the_nameless(void **state)
{
	auto_store struct store store = { 0 };
	struct image *images;
	size_t count;
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	assert_int_equal(store_list(&store, &images, &count), 0);
	assert_int_equal(count, 0);
	store_free_list(images, count);
	add_image(&store, '1', "a", "z:1");
	add_image(&store, '2', "a", NULL);
	assert_int_equal(store_tag(&store, "z:1", "docker.io/a"), 0);
	assert_int_equal(store_list(&store, &images, &count), 0);
	assert_int_equal(count, 3);
	assert_string_equal(images[0].name, "a:latest");
	assert_string_equal(images[1].name, "z:1");
	assert_string_equal(images[0].id, images[1].id);
	assert_null(images[2].name);
	store_free_list(images, count);
	assert_true(tmp_is_empty());
}

static void
a_name_moves(void **state)
{
	auto_store struct store store = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "a", "x:1");
	add_image(&store, '2', "a", "y:1");
	assert_int_equal(store_tag(&store, "y:1", "x:1"), 0);
	find(&store, "x:1", '2');
	find(&store, "1", '1');
	assert_int_equal(store_tag(&store, "none", "x:2"), -1);
	assert_int_equal(store_tag(&store, "x:1", "UPPER"), -1);
	assert_non_null(strstr(failure.text, "not a valid repository/tag"));
	auto_free char *hex = hex_of('1');
	auto_free char *digest = text("x@sha256:%s", hex);
	assert_int_equal(store_tag(&store, "x:1", digest), -1);
}

/* ---- removing ---------------------------------------------------------- */

static void
remove_it(struct store *store, const char *name, const char *untagged,
	  size_t deleted)
{
	struct store_removal removal;
	if (store_remove_image(store, name, false, NULL, &removal) < 0)
		fail_msg("%s: %s", name, failure.text);
	if (untagged)
		assert_string_equal(removal.untagged.items[0], untagged);
	else
		assert_int_equal(removal.untagged.count, 0);
	assert_int_equal(removal.deleted.count, deleted);
	store_free_removal(&removal);
	assert_true(tmp_is_empty());
}

static void
layers_go_with_the_last_image(void **state)
{
	auto_store struct store store = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "abc", "x:1");
	add_image(&store, '2', "abd", "y:1");
	add_image(&store, '3', "e", NULL);
	assert_int_equal(store_tag(&store, "x:1", "x:2"), 0);
	remove_it(&store, "x:1", "x:1", 0);
	assert_true(has_image('1'));
	remove_it(&store, "x:2", "x:2", 2);
	assert_false(has_image('1'));
	assert_false(has_layer('c'));
	assert_true(has_layer('a') && has_layer('b') && has_layer('d'));
	find(&store, "y:1", '2');
	remove_it(&store, "333", NULL, 2);
	remove_it(&store, "2", "y:1", 4);
	assert_false(has_layer('a') || has_layer('b') || has_layer('d'));
	struct store_removal removal;
	assert_int_equal(store_remove_image(&store, "y:1", false, NULL,
					    &removal), -1);
	assert_int_equal(failure.code, ENOENT);
}

static void
an_id_with_many_names(void **state)
{
	auto_store struct store store = { 0 };
	struct store_removal removal;
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "a", "x:1");
	assert_int_equal(store_tag(&store, "x:1", "x:2"), 0);
	assert_int_equal(store_tag(&store, "x:1", "xy:2"), 0);
	assert_int_equal(store_remove_image(&store, "1", false, NULL,
					    &removal), -1);
	assert_non_null(strstr(failure.text, "multiple repositories"));
	find(&store, "xy:2", '1');
	assert_int_equal(store_remove_image(&store, "1", true, NULL, &removal),
			 0);
	assert_int_equal(removal.untagged.count, 3);
	store_free_removal(&removal);
	assert_false(has_layer('a'));
}

static bool user_is_running;

static const char *
user_of(void *data, const char *id, bool *running)
{
	*running = user_is_running;
	return id[7] == *(char *)data ? "box" : NULL;
}

static bool
uses_layer(void *data, const char *diff_id)
{
	(void)data;
	return diff_id[7] == 'a';
}

static void
containers_keep_images_and_layers(void **state)
{
	auto_store struct store store = { 0 };
	struct store_removal removal;
	char digit = '1';
	struct store_users users = { user_of, uses_layer, &digit };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "ab", "x:1");
	assert_int_equal(store_remove_image(&store, "x:1", false, &users,
					    &removal), -1);
	assert_non_null(strstr(failure.text, "container box is using"));
	assert_int_equal(store_remove_image(&store, "11", false, &users,
					    &removal), -1);
	assert_non_null(strstr(failure.text, "stopped container box"));
	user_is_running = true;
	assert_int_equal(store_remove_image(&store, "11", true, &users,
					    &removal), -1);
	assert_non_null(strstr(failure.text, "cannot be forced"));
	user_is_running = false;
	find(&store, "x:1", '1');
	assert_int_equal(store_remove_image(&store, "x:1", true, &users,
					    &removal), 0);
	store_free_removal(&removal);
	assert_false(has_image('1'));
	assert_false(has_layer('b'));
	assert_true(has_layer('a'));
	assert_int_equal(store_release_layers(&store, &users), 0);
	assert_true(has_layer('a'));
	assert_int_equal(store_release_layers(&store, NULL), 0);
	assert_false(has_layer('a'));
	assert_true(tmp_is_empty());
}

/* An image that is used only loses its names when nobody knows the layers. */
static void
names_go_and_the_image_stays(void **state)
{
	auto_store struct store store = { 0 };
	struct store_removal removal;
	char digit = '1';
	struct store_users users = { user_of, NULL, &digit };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "ab", "x:1");
	assert_int_equal(store_remove_image(&store, "x:1", true, &users,
					    &removal), 0);
	assert_int_equal(removal.untagged.count, 1);
	assert_int_equal(removal.deleted.count, 0);
	store_free_removal(&removal);
	assert_true(has_image('1') && has_layer('a') && has_layer('b'));
	assert_int_equal(store_remove_image(&store, "11", true, &users,
					    &removal), -1);
	assert_non_null(strstr(failure.text, "cannot be forced"));
	assert_int_equal(store_remove_image(&store, "11", false, NULL,
					    &removal), 0);
	store_free_removal(&removal);
	assert_false(has_image('1') || has_layer('a'));
}

/* The digest of a manifest is a name, too. */
static void
names_by_digest(void **state)
{
	auto_store struct store store = { 0 };
	struct store_removal removal;
	struct image *images;
	size_t count;
	auto_free char *hex = hex_of('5');
	auto_free char *name = text("x@sha256:%s", hex);
	auto_free char *with_tag = text("x:9@sha256:%s", hex);
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "a", name);
	find(&store, name, '1');
	find(&store, with_tag, '1');
	assert_int_equal(store_list(&store, &images, &count), 0);
	assert_int_equal(count, 1);
	assert_string_equal(images[0].name, name);
	store_free_list(images, count);
	assert_int_equal(store_tag(&store, name, "x:1"), 0);
	assert_int_equal(store_tag(&store, name, "x:2"), 0);
	assert_int_equal(store_list(&store, &images, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(images[0].name, "x:1");
	store_free_list(images, count);
	/* It goes with the last tag of its repository. */
	assert_int_equal(store_remove_image(&store, "x:1", false, NULL,
					    &removal), 0);
	assert_int_equal(removal.untagged.count, 1);
	store_free_removal(&removal);
	assert_int_equal(store_tag(&store, name, "other:1"), 0);
	assert_int_equal(store_remove_image(&store, "x:2", false, NULL,
					    &removal), 0);
	assert_int_equal(removal.untagged.count, 2);
	assert_string_equal(removal.untagged.items[1], name);
	store_free_removal(&removal);
	no_image(&store, name, "No such image");
	find(&store, "other:1", '1');
}

/* ---- crashes ----------------------------------------------------------- */

/* What a process that dies with a scratch leaves; `list` is what it was about
 * to do. */
static void
die_with(const char *list)
{
	pid_t child = fork();
	if (child == 0) {
		struct store store;
		struct scratch scratch;
		if (store_open(&store, root, STORAGE_OVERLAY) < 0 ||
		    scratch_create(&store, &scratch) < 0 ||
		    mkdirat(scratch.dir, "half", 0755) < 0 ||
		    write_file(scratch.dir, "discard", list, 0600) < 0)
			_exit(1);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
the_next_command_cleans_up(void **state)
{
	auto_store struct store store = { 0 };
	auto_free char *one = hex_of('1'), *two = hex_of('2');
	auto_free char *a = hex_of('a'), *b = hex_of('b');
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "a", "x:1");
	add_image(&store, '2', "b", NULL);
	/* As if both had been about to be removed, or had just been added: the
	 * one that has a name stays, with its layer. */
	auto_free char *list = text("image %s\nimage %s\nlayer %s\nlayer %s\n",
				    one, two, a, b);
	die_with(list);
	assert_false(tmp_is_empty());
	store_close(&store);
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	assert_true(tmp_is_empty());
	assert_true(has_image('1') && has_layer('a'));
	assert_false(has_image('2') || has_layer('b'));
	find(&store, "x:1", '1');
}

static void
a_damaged_list_changes_nothing(void **state)
{
	auto_store struct store store = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "a", "x:1");
	die_with("image ../../../../../etc/passwd\nlayer ..\n");
	store_close(&store);
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	find(&store, "x:1", '1');
}

static void
what_is_alive_is_left_alone(void **state)
{
	auto_store struct store store = { 0 };
	auto_store struct store other = { 0 };
	struct scratch scratch;
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	assert_int_equal(scratch_create(&store, &scratch), 0);
	assert_int_equal(store_open(&other, root, STORAGE_OVERLAY), 0);
	auto_free char *path = text("%s/tmp/%s", root, scratch.name);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(scratch_remove(&store, &scratch), 0);
	assert_int_equal(scratch_remove(&store, &scratch), 0);
	assert_true(access(path, F_OK) < 0);
}

static void
locks_nest_and_exclude(void **state)
{
	auto_store struct store store = { 0 };
	auto_store struct store other = { 0 };
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	assert_int_equal(store_open(&other, root, STORAGE_OVERLAY), 0);
	assert_int_equal(store_lock(&store, LOCK_SH), 0);
	assert_int_equal(store_lock(&store, LOCK_EX), -1);
	assert_int_equal(store_lock(&other, LOCK_SH), 0);
	store_unlock(&other);
	assert_int_equal(flock(other.lock, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(store_lock(&store, LOCK_SH), 0);
	store_unlock(&store);
	assert_int_equal(flock(other.lock, LOCK_EX | LOCK_NB), -1);
	store_unlock(&store);
	assert_int_equal(flock(other.lock, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(flock(other.lock, LOCK_UN), 0);
	assert_int_equal(store_lock(&store, LOCK_EX), 0);
	assert_int_equal(store_lock(&store, LOCK_SH), 0);
	store_unlock(&store);
	store_unlock(&store);
}

/* Somebody removes the image whose layer was to be shared. */
static void
a_layer_may_vanish_before_the_commit(void **state)
{
	auto_store struct store store = { 0 };
	struct stage stage;
	struct new_image image = { 0 };
	auto_words struct words missing = { 0 }, renamed = { 0 };
	auto_free char *a = hex_of('a'), *two = hex_of('2');
	(void)state;
	assert_int_equal(store_open(&store, root, STORAGE_OVERLAY), 0);
	add_image(&store, '1', "a", "x:1");
	assert_int_equal(stage_open(&stage, &store), 0);
	assert_true(stage_has_layer(&stage, a));
	image.id = text("sha256:%s", two);
	image.json = text("{\"rootfs\": {\"diff_ids\": [\"sha256:%s\"]}}", a);
	words_add(&image.layers, a);
	words_add(&image.names, "y:1");
	struct store_removal removal;
	assert_int_equal(store_remove_image(&store, "x:1", false, NULL,
					    &removal), 0);
	store_free_removal(&removal);
	assert_int_equal(stage_commit(&stage, &image, 1, &missing, &renamed),
			 1);
	assert_string_equal(missing.items[0], a);
	assert_false(has_image('2'));
	auto_close int dir = stage_begin_layer(&stage);
	assert_true(dir >= 0);
	assert_int_equal(stage_keep_layer(&stage, a, 1), 0);
	words_free(&missing);
	assert_int_equal(stage_commit(&stage, &image, 1, &missing, &renamed),
			 0);
	stage_close(&stage);
	stage_close(&stage);
	new_image_free(&image);
	find(&store, "y:1", '2');
	assert_true(tmp_is_empty());
}

#define in_place(test)                                                        \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(opens_and_makes),
		in_place(says_what_is_in_the_way),
		in_place(finds_by_name_and_id),
		in_place(a_name_wins_over_an_id),
		in_place(an_ambiguous_id_is_refused),
		in_place(an_image_is_whole),
		in_place(a_layer_may_hide_all_below),
		in_place(a_layer_may_come_twice),
		in_place(a_driver_has_its_own),
		in_place(damage_is_named),
		in_place(lists_names_and_the_nameless),
		in_place(a_name_moves),
		in_place(layers_go_with_the_last_image),
		in_place(an_id_with_many_names),
		in_place(containers_keep_images_and_layers),
		in_place(names_go_and_the_image_stays),
		in_place(names_by_digest),
		in_place(the_next_command_cleans_up),
		in_place(a_damaged_list_changes_nothing),
		in_place(what_is_alive_is_left_alone),
		in_place(locks_nest_and_exclude),
		in_place(a_layer_may_vanish_before_the_commit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
