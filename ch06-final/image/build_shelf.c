/* build_shelf.c - see build_shelf.h.  Runs in the parent. */
#include "build_shelf.h"

#include "lock.h"
#include "tree.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is there ------------------------------------------------------- */

static struct build_kept *
add(struct build_shelf *shelf, const char *id)
{
	shelf->list = resize_bytes(shelf->list, (shelf->count + 1) *
						       sizeof(*shelf->list));
	shelf->list[shelf->count] = (struct build_kept){ .id = copy_text(id) };
	return &shelf->list[shelf->count++];
}

/* What the last entry of its history says. */
static char *
last_of_history(const char *json, size_t length)
{
	json_t *root = json_loadb(json, length, 0, NULL);
	json_t *history = json_object_get(root, "history");
	size_t count = json_array_size(history);
	json_t *last = count ? json_array_get(history, count - 1) : NULL;
	const char *said = json_string_value(json_object_get(last,
							     "created_by"));
	char *copy = copy_text(said ?: "");
	json_decref(root);
	return copy;
}

static void
read_step(struct store *store, const char *key, const struct words *used,
	  struct words *counted, struct build_shelf *shelf)
{
	struct stat st;
	size_t length;
	auto_words struct words layers = { 0 };
	auto_free char *json = read_all(store->build, key, &length);
	if (!json || fstatat(store->build, key, &st, 0) < 0)
		return;
	struct build_kept *kept = add(shelf, key);
	kept->what = last_of_history(json, length);
	kept->used_s = st.st_mtime;
	shelves_step_layers(store, key, &layers);
	for (size_t i = 0; i < layers.count; i++) {
		const char *hex = layers.items[i];
		if (words_has(used, hex) || words_has(counted, hex))
			continue;
		words_add(counted, hex);
		kept->size += shelves_layer_size(store, hex);
	}
}

static int
open_caches(const struct store *store)
{
	return openat(store->build, BUILD_CACHES,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void
read_caches(const struct store *store, struct build_shelf *shelf)
{
	auto_close int fd = open_caches(store);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	int caches = take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;
		if (strlen(entry->d_name) != 64 ||
		    fstatat(caches, entry->d_name, &st, 0) < 0)
			continue;
		auto_free char *note = text("%s.id", entry->d_name);
		struct build_kept *kept = add(shelf, entry->d_name);
		kept->what = read_all(caches, note, NULL) ?: copy_text("");
		kept->is_cache = true;
		kept->used_s = st.st_mtime;
	}
}

static int
read_steps(struct store *store, struct build_shelf *shelf)
{
	auto_words struct words keys = { 0 }, used = { 0 }, counted = { 0 };
	struct image *images;
	size_t count;
	if (shelves_list_steps(store, &keys) < 0 ||
	    store_list(store, &images, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		for (char **diff = images[i].diff_ids; *diff; diff++)
			words_add(&used, *diff + strlen("sha256:"));
	store_free_list(images, count);
	for (size_t i = 0; i < keys.count; i++)
		read_step(store, keys.items[i], &used, &counted, shelf);
	return 0;
}

int
build_shelf_read(struct store *store, struct build_shelf *shelf)
{
	*shelf = (struct build_shelf){ 0 };
	if (read_steps(store, shelf) < 0)
		return -1;
	read_caches(store, shelf);
	return 0;
}

void
build_shelf_free(struct build_shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++) {
		free(shelf->list[i].id);
		free(shelf->list[i].what);
	}
	free(take_ptr(&shelf->list));
	shelf->count = 0;
}

/* ---- who has it ---------------------------------------------------------- */

int
build_shelf_lock(struct store *store, int how)
{
	auto_close int lock = openat(store->build, ".",
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0)
		return fail("open %s/build", store->root);
	return lock_take(lock, how) < 0 ? fail("lock what builds have kept") :
					  take_fd(&lock);
}

/* ---- it goes ------------------------------------------------------------- */

/* Whatever is there: also what a killed build has left. */
static int
remove_all(const struct store *store)
{
	auto_words struct words names = { 0 };
	auto_close int fd = openat(store->build, ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("list %s/build", store->root);
	take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			words_add(&names, entry->d_name);
	for (size_t i = 0; i < names.count; i++)
		if (tree_remove(store->build, names.items[i]) < 0)
			return -1;
	return 0;
}

int
build_shelf_clear(struct store *store)
{
	/* Layers that nobody has are nobody's to build on, from here on. */
	if (remove_all(store) < 0)
		return -1;
	return store_release_layers(store, NULL);
}
