/* stage.c - see stage.h.  Runs in the parent. */
#include "stage.h"

#include "tags.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGUN "begun" /* the layer that is being unpacked */

void
new_image_free(struct new_image *image)
{
	free(image->id);
	free(image->key);
	free(image->json);
	words_free(&image->layers);
	words_free(&image->names);
	*image = (struct new_image){ 0 };
}

int
stage_open(struct stage *stage, struct store *store)
{
	*stage = (struct stage){ .store = store };
	return scratch_create(store, &stage->scratch);
}

void
stage_close(struct stage *stage)
{
	/* What cannot be removed is left to the next command's sweep. */
	struct failure kept = failure;
	if (scratch_remove(stage->store, &stage->scratch) < 0)
		failure = kept;
	words_free(&stage->layers);
}

bool
stage_has_layer(const struct stage *stage, const char *hex)
{
	return words_has(&stage->layers, hex) ||
	       shelves_has_layer(stage->store, hex);
}

/* The mode is that of a root directory whose tar does not mention it. */
int
stage_begin_layer(struct stage *stage)
{
	int scratch = stage->scratch.dir;
	if (tree_remove(scratch, BEGUN) < 0)
		return -1;
	if (mkdirat(scratch, BEGUN, 0755) < 0)
		return fail("make a directory for a layer");
	auto_close int dir = openat(scratch, BEGUN,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fchmod(dir, 0755) < 0)
		return fail("open the directory for a layer");
	return take_fd(&dir);
}

int
stage_keep_layer(struct stage *stage, const char *hex, uint64_t size)
{
	int scratch = stage->scratch.dir;
	auto_free char *name = text("%s.size", hex);
	auto_free char *digits = text("%llu", (unsigned long long)size);
	auto_free char *recipe = text("%s.recipe", hex);
	/* It is synced with the layer itself, by stage_commit(). */
	if (write_file_unsynced(scratch, name, digits, 0600) < 0)
		return -1;
	if (renameat(scratch, STAGE_RECIPE, scratch, recipe) < 0 &&
	    errno != ENOENT)
		return fail("name the recipe of layer %s", hex);
	if (renameat(scratch, BEGUN, scratch, hex) < 0)
		return fail("name layer %s", hex);
	words_add(&stage->layers, hex);
	return 0;
}

/* ---- commit ------------------------------------------------------------ */

static void
find_missing(const struct stage *stage, const struct new_image *image,
	     struct words *missing)
{
	for (size_t i = 0; i < image->layers.count; i++) {
		const char *hex = image->layers.items[i];
		if (!stage_has_layer(stage, hex) && !words_has(missing, hex))
			words_add(missing, hex);
	}
}

/* What of all this the store does not have yet. */
static void
find_new(const struct stage *stage, const struct new_image *images,
	 size_t count, struct words *new_images, struct words *new_layers)
{
	for (size_t i = 0; i < count; i++) {
		if (images[i].key)
			continue;
		const char *hex = images[i].id + strlen("sha256:");
		if (faccessat(stage->store->blobs, hex, F_OK, 0) < 0 &&
		    !words_has(new_images, hex))
			words_add(new_images, hex);
	}
	for (size_t i = 0; i < stage->layers.count; i++)
		if (!shelves_has_layer(stage->store, stage->layers.items[i]))
			words_add(new_layers, stage->layers.items[i]);
}

static int
move_layers(const struct stage *stage, const struct words *layers)
{
	const struct store *store = stage->store;
	for (size_t i = 0; i < layers->count; i++) {
		const char *hex = layers->items[i];
		for (size_t n = 0; shelves_notes[n]; n++) {
			auto_free char *note =
				text("%s%s", hex, shelves_notes[n]);
			if (renameat(stage->scratch.dir, note, store->layers,
				     note) < 0 && errno != ENOENT)
				return fail("move %s into %s/layers", note,
					    store->root);
		}
		if (renameat(stage->scratch.dir, hex, store->layers, hex) < 0)
			return fail("move layer %s into %s/layers", hex,
				    store->root);
	}
	if (fsync(store->layers) < 0)
		return fail("sync %s/layers", store->root);
	return 0;
}

static int
move_config(const struct stage *stage, const struct new_image *image)
{
	const struct store *store = stage->store;
	const char *hex = image->key ?: image->id + strlen("sha256:");
	int shelf = image->key ? store->build : store->blobs;
	if (write_file(stage->scratch.dir, "config", image->json, 0600) < 0)
		return -1;
	if (renameat(stage->scratch.dir, "config", shelf, hex) < 0)
		return fail("write %s/%s/%s", store->root,
			    image->key ? "build" : "blobs/sha256", hex);
	return 0;
}

static int
move_all(const struct stage *stage, const struct new_image *images,
	 size_t count, const struct words *new_layers, struct tags *tags,
	 struct words *renamed)
{
	struct store *store = stage->store;
	if (move_layers(stage, new_layers) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (move_config(stage, &images[i]) < 0)
			return -1;
		for (size_t n = 0; n < images[i].names.count; n++) {
			const char *name = images[i].names.items[n];
			const char *old = tags_id(tags, name);
			if (old && strcmp(old, images[i].id) != 0) {
				words_add(renamed, name);
				words_add(renamed, old);
			}
			tags_set(tags, name, images[i].id);
		}
	}
	if (fsync(store->blobs) < 0)
		return fail("sync %s/blobs/sha256", store->root);
	return store_publish_tags(store, &stage->scratch, tags);
}

static int
commit_locked(struct stage *stage, const struct new_image *images,
	      size_t count, struct words *missing, struct words *renamed)
{
	auto_words struct words new_images = { 0 }, new_layers = { 0 };
	for (size_t i = 0; i < count; i++)
		find_missing(stage, &images[i], missing);
	if (missing->count > 0)
		return 1;
	auto_tags struct tags tags = { 0 };
	if (tags_read(stage->store->dir, &tags) < 0)
		return -1;
	find_new(stage, images, count, &new_images, &new_layers);
	if (scratch_intend(&stage->scratch, &new_images, &new_layers) < 0)
		return -1;
	if (move_all(stage, images, count, &new_layers, &tags, renamed) == 0)
		return scratch_complete(&stage->scratch);

	/* Undo: nothing that is new goes by a name yet. */
	struct failure reason = failure;
	if (scratch_discard(stage->store, &stage->scratch) < 0)
		return wrap("%.100s; and then, undoing it", reason.text);
	failure = reason;
	return -1;
}

int
stage_commit(struct stage *stage, const struct new_image *images,
	     size_t count, struct words *missing, struct words *renamed)
{
	struct store *store = stage->store;
	/* One call for all files of all layers; a name must never point at
	 * what a power failure could still take away. */
	if (syncfs(stage->scratch.dir) < 0)
		return fail("sync %s", store->root);
	if (store_lock(store, LOCK_EX) < 0)
		return -1;
	int done = commit_locked(stage, images, count, missing, renamed);
	store_unlock(store);
	return done;
}
