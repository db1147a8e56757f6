/* load.c - see load.h.  Runs in mydocker-image. */
#include "load.h"

#include "bundle.h"
#include "layer.h"
#include "manifest.h"
#include "reference.h"
#include "stage.h"
#include "tags.h"
#include "tell_image.h"

#include <stdlib.h>
#include <string.h>

/* How often a load begins again because somebody removes its layers. */
#define TRIES_MAX 5

struct load {
	const char *platform; /* those that were asked for, or NULL */
	struct stage stage;
	struct bundle bundle;
	struct claims claims;
	struct new_image *images; /* one for each claim */
};

/* ---- what the archive claims, held against it -------------------------- */

/* The names, brought into the store's form. */
static int
take_names(const struct claim *claim, struct new_image *image)
{
	for (size_t i = 0; i < claim->names.count; i++) {
		auto_reference struct reference reference = { 0 };
		const char *given = claim->names.items[i];
		if (reference_parse(given, &reference) < 0)
			return wrap("the name \"%.100s\"", given);
		if (!reference.tag)
			return failx("the name \"%.100s\" has no tag", given);
		auto_free char *plain = reference_name(&reference);
		auto_free char *name = claim->is_further ?
			tags_further(plain, claim->platform) :
			take_ptr(&plain);
		if (!words_has(&image->names, name))
			words_add(&image->names, name);
	}
	return 0;
}

static int
take_config(const struct load *load, const struct claim *claim,
	    struct new_image *image)
{
	const struct bundle *bundle = &load->bundle;
	const struct bundle_entry *entry = bundle_find(bundle, claim->config);
	size_t length;
	char hex[65];
	if (!entry)
		return failx("the config %.100s is missing", claim->config);
	image->json = bundle_read(bundle, entry, &length);
	if (!image->json || digest_bytes(image->json, length, hex) < 0)
		return -1;
	image->id = text("sha256:%s", hex);
	if (claim->config_digest &&
	    strcmp(claim->config_digest, image->id) != 0)
		return failx("the config %.100s has the digest %s: it was "
			     "changed", claim->config, image->id);
	/* A zero byte would end the text early when it is written. */
	if (strlen(image->json) != length)
		return failx("the config %.100s has a zero byte",
			     claim->config);
	auto_image struct image parsed = { 0 };
	if (image_parse(image->json, length, image->id, &parsed) < 0)
		return -1;
	for (char **diff = parsed.diff_ids; *diff; diff++)
		words_add(&image->layers, *diff + strlen("sha256:"));
	const char *name = image->names.count ? image->names.items[0] :
						image->id;
	return manifest_check_platform(name, claim->platform ?: load->platform,
				       &parsed);
}

static int
check_layers(const struct load *load, const struct claim *claim,
	     const struct new_image *image)
{
	const struct bundle *bundle = &load->bundle;
	enum storage driver = load->stage.store->driver;
	if (image->layers.count > storage_layers_max(driver))
		return failx("it has %zu layers; the storage driver %s takes "
			     "%zu", image->layers.count, storage_name(driver),
			     storage_layers_max(driver));
	if (claim->layers.count != image->layers.count)
		return failx("it has %zu layers, but its config lists %zu",
			     claim->layers.count, image->layers.count);
	for (size_t i = 0; i < claim->layers.count; i++)
		if (!bundle_find(bundle, claim->layers.items[i]))
			return failx("the layer %.100s is missing",
				     claim->layers.items[i]);
	return 0;
}

/* Everything that can be known without unpacking, for all images. */
static int
check_claims(struct load *load)
{
	load->images = new_bytes(load->claims.count * sizeof(*load->images));
	for (size_t i = 0; i < load->claims.count; i++) {
		const struct claim *claim = &load->claims.list[i];
		struct new_image *image = &load->images[i];
		if (take_names(claim, image) < 0 ||
		    take_config(load, claim, image) < 0 ||
		    check_layers(load, claim, image) < 0)
			return -1;
	}
	return 0;
}

/* ---- layers ------------------------------------------------------------ */

/* `digest` is what the file itself must have. */
static int
unpack_checked(struct load *load, struct stream *file, const char *digest,
	       const char *diff_id, struct layer *layer)
{
	struct digest_stream sum;
	char hex[65];
	int result = digest_stream_open(&sum, file);
	if (result == 0)
		result = layer_stage(&load->stage, &sum.stream, diff_id,
				     layer);
	if (result == 0)
		result = digest_stream_end(&sum, hex);
	digest_stream_close(&sum);
	if (result == 0 && strcmp(hex, digest + strlen("sha256:")) != 0)
		return failx("it has the digest sha256:%s: it was changed",
			     hex);
	return result;
}

/* `digest` is "" when it was not said.  Where it is that of the plain tar, the
 * file must be that tar, and one sum is enough. */
static int
unpack_once(struct load *load, const struct bundle_entry *entry,
	    const char *digest, const char *diff_id, struct layer *layer)
{
	struct entry_stream file;
	if (entry_stream_open(&file, &load->bundle, entry) < 0)
		return -1;
	bool is_plain = *digest &&
			strcmp(digest + strlen("sha256:"), diff_id) == 0;
	int result = *digest && !is_plain ?
		unpack_checked(load, &file.stream, digest, diff_id, layer) :
		layer_stage(&load->stage, &file.stream, diff_id, layer);
	if (result == 0 && is_plain && layer->is_compressed)
		result = failx("it is compressed, and has the digest of a "
			       "plain tar: it was changed");
	entry_stream_close(&file);
	return result;
}

static int
unpack_file(struct load *load, const struct bundle_entry *entry,
	    const char *digest, const char *diff_id)
{
	struct layer layer = { 0 };
	do {
		layer.is_raw = layer.has_replaced;
		if (unpack_once(load, entry, digest, diff_id, &layer) < 0)
			return -1;
	} while (layer.has_replaced && !layer.is_raw);
	return stage_keep_layer(&load->stage, diff_id, layer.size);
}

static int
unpack_layers(struct load *load)
{
	for (size_t i = 0; i < load->claims.count; i++) {
		const struct claim *claim = &load->claims.list[i];
		const struct new_image *image = &load->images[i];
		for (size_t n = 0; n < image->layers.count; n++) {
			const char *hex = image->layers.items[n];
			const char *file = claim->layers.items[n];
			if (stage_has_layer(&load->stage, hex))
				continue;
			if (unpack_file(load,
					bundle_find(&load->bundle, file),
					claim->digests.items[n], hex) < 0)
				return wrap("layer %zu, %.12s", n + 1, hex);
		}
	}
	return 0;
}

/* Layers that were in the store may be removed before we are done: once
 * more, then. */
static int
unpack_and_commit(struct load *load, struct words *renamed)
{
	for (int try = 0; try < TRIES_MAX; try++) {
		auto_words struct words missing = { 0 };
		if (unpack_layers(load) < 0)
			return -1;
		int done = stage_commit(&load->stage, load->images,
					load->claims.count, &missing, renamed);
		if (done <= 0)
			return done;
	}
	return failx("other commands keep removing its layers: try again");
}

/* ---- all of it --------------------------------------------------------- */

static void
report(const struct load *load, const struct words *renamed,
       struct words *loaded)
{
	for (size_t i = 0; i + 1 < renamed->count; i += 2) {
		if (tags_platform(renamed->items[i]))
			continue;
		auto_free char *line =
			text("The image %s already exists, renaming the old "
			     "one with ID %s to empty string",
			     renamed->items[i], renamed->items[i + 1]);
		words_add(loaded, line);
	}
	for (size_t i = 0; i < load->claims.count; i++) {
		const struct new_image *image = &load->images[i];
		if (load->claims.list[i].is_further)
			continue;
		for (size_t n = 0; n < image->names.count; n++) {
			auto_free char *line = text("Loaded image: %s",
						    image->names.items[n]);
			words_add(loaded, line);
			image_tell(load->stage.store, "load", image->id,
				   image->names.items[n]);
		}
		if (image->names.count == 0) {
			auto_free char *line =
				text("Loaded image ID: %s", image->id);
			words_add(loaded, line);
			image_tell(load->stage.store, "load", image->id, NULL);
		}
	}
}

static int
load_onto_stage(struct load *load, int fd, const char *name,
		struct words *loaded)
{
	auto_words struct words renamed = { 0 };
	if (bundle_open(&load->bundle, fd, name, load->stage.scratch.dir) < 0 ||
	    manifest_read(&load->bundle, load->platform, &load->claims) < 0 ||
	    check_claims(load) < 0 || unpack_and_commit(load, &renamed) < 0)
		return -1;
	report(load, &renamed, loaded);
	return 0;
}

int
load_images(struct store *store, int fd, const char *name,
	    const char *platform, struct words *loaded)
{
	struct load load = { .platform = platform, .bundle.fd = -1 };
	int result = -1;
	if (stage_open(&load.stage, store) == 0)
		result = load_onto_stage(&load, fd, name, loaded);
	for (size_t i = 0; load.images && i < load.claims.count; i++)
		new_image_free(&load.images[i]);
	free(load.images);
	manifest_free(&load.claims);
	bundle_close(&load.bundle);
	stage_close(&load.stage);
	return result;
}
