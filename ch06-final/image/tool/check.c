/* check.c - see check.h.  Runs in mydocker-image. */
#include "check.h"

#include "digest.h"
#include "recipe.h"
#include "reference.h"
#include "tags.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* What `failure` says, as a line that begins with what it is about. */
static void
note(struct check *check, const char *what, const char *name)
{
	auto_free char *line = text("%s %.20s: %s", what, name, failure.text);
	words_add(&check->problems, line);
}

void
check_free(struct check *check)
{
	words_free(&check->problems);
}

static int
sum_up(struct stream *stream, char hex[65])
{
	struct digest_stream digest;
	int result = digest_stream_open(&digest, stream);
	if (result == 0)
		result = stream_drain(&digest.stream);
	if (result == 0)
		result = digest_stream_end(&digest, hex);
	digest_stream_close(&digest);
	return result;
}

static int
check_layer(const struct store *store, const char *hex)
{
	struct recipe_reader tar = { .file = -1 };
	char found[65];
	auto_close int dir = openat(store->layers, hex, O_RDONLY | O_DIRECTORY |
				    O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return fail("open its directory");
	int result = recipe_read(&tar, store->layers, dir, hex);
	if (result == 0)
		result = sum_up(&tar.stream, found);
	recipe_reader_close(&tar);
	if (result == 0 && strcmp(found, hex) != 0)
		return failx("its files were changed: their tar has the "
			     "digest sha256:%s", found);
	return result;
}

/* The config, and that the layers are there; what is in them comes later, for
 * most are in several images. */
static int
check_image(const struct store *store, const char *id, struct words *layers)
{
	auto_image struct image image = { 0 };
	size_t length;
	char hex[65];
	auto_free char *json = shelves_read_config(store, id, &length);
	if (!json || digest_bytes(json, length, hex) < 0)
		return -1;
	if (strcmp(hex, id + strlen("sha256:")) != 0)
		return failx("its config was changed: it has the digest "
			     "sha256:%s", hex);
	if (image_parse(json, length, id, &image) < 0)
		return -1;
	for (char **diff = image.diff_ids; *diff; diff++) {
		const char *layer = *diff + strlen("sha256:");
		if (!shelves_has_layer(store, layer))
			return failx("its layer %.12s is missing", layer);
		if (!words_has(layers, layer))
			words_add(layers, layer);
	}
	return 0;
}

static int
check_names(const struct store *store, const struct words *ids,
	    struct check *check)
{
	auto_tags struct tags tags = { 0 };
	if (tags_read(store->dir, &tags) < 0)
		return -1;
	for (size_t i = 0; i < tags.count; i++) {
		if (words_has(ids, tags.list[i].id))
			continue;
		failx("there is no image %.19s", tags.list[i].id);
		note(check, "name", tags.list[i].name);
	}
	return 0;
}

int
check_store(struct store *store, struct check *check)
{
	auto_words struct words ids = { 0 }, layers = { 0 };
	*check = (struct check){ 0 };
	if (store_lock(store, LOCK_SH) < 0)
		return -1;
	int result = shelves_list_ids(store, &ids);
	if (result == 0)
		result = check_names(store, &ids, check);
	for (size_t i = 0; result == 0 && i < ids.count; i++)
		if (check_image(store, ids.items[i], &layers) < 0)
			note(check, "image", ids.items[i]);
	for (size_t i = 0; result == 0 && i < layers.count; i++)
		if (check_layer(store, layers.items[i]) < 0)
			note(check, "layer", layers.items[i]);
	check->images = ids.count;
	check->layers = layers.count;
	store_unlock(store);
	return result;
}
