/* platforms.c - see platforms.h.  Runs in mydocker-image. */
#include "platforms.h"

#include "digest.h"
#include "platform.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* "linux/arm/v7" of an image in the store; NULL when it cannot be read. */
static char *
platform_of(struct store *store, const char *id)
{
	auto_image struct image image = { 0 };
	size_t length;
	auto_free char *config = shelves_read_config(store, id, &length);
	if (!config || image_parse(config, length, id, &image) < 0)
		return NULL;
	return image_platform(&image);
}

/* The one that fits best: 1 when there is one. */
static int
add_fitting(struct store *store, const struct words *all, const char *asked,
	    struct words *ids)
{
	const char *best = NULL;
	int least = INT_MAX;
	for (size_t i = 0; i < all->count; i++) {
		const char *id = all->items[i];
		auto_free char *platform = platform_of(store, id);
		if (!platform)
			return -1;
		int distance = platform_distance(platform, asked);
		if (distance >= 0 && distance < least) {
			least = distance;
			best = id;
		}
	}
	if (best && !words_has(ids, best))
		words_add(ids, best);
	return best != NULL;
}

int
platforms_list(struct store *store, const struct tags *tags, const char *id,
	       const char *tag, const char *asked, struct words *ids)
{
	auto_words struct words all = { 0 }, platforms = { 0 };
	words_add(&all, id);
	for (size_t i = 0; tag && i < tags->count; i++)
		if (tags_is_further_of(tags->list[i].name, tag))
			words_add(&all, tags->list[i].id);
	platform_split(asked, &platforms);
	if (platforms.count == 0)
		words_add_all(ids, all.items);
	for (size_t i = 0; i < platforms.count; i++) {
		const char *platform = platforms.items[i];
		int found = add_fitting(store, &all, platform, ids);
		if (found <= 0)
			return found < 0 ? -1 :
				failx("image with reference %s was found but "
				      "does not provide the specified "
				      "platform (%s)", tag ? tag : id,
				      platform);
	}
	return 0;
}

json_t *
platforms_descriptor(const char *type, const char *digest, uint64_t size)
{
	return json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest", digest,
			 "size", (json_int_t)size);
}

void
platforms_note(json_t *descriptor, const struct image *image)
{
	json_t *platform = json_pack("{s:s, s:s}", "architecture",
				     image->architecture, "os", "linux");
	if (*image->variant)
		json_object_set_new(platform, "variant",
				    json_string(image->variant));
	json_object_set_new(descriptor, "platform", platform);
}

char *
platforms_index(json_t *descriptors, char hex[65])
{
	json_t *index = json_pack("{s:i, s:s, s:O}", "schemaVersion", 2,
				  "mediaType",
				  "application/vnd.oci.image.index.v1+json",
				  "manifests", descriptors);
	auto_free char *content = json_dumps(index, JSON_COMPACT);
	json_decref(index);
	if (!content) {
		failx("write an index: out of memory");
		return NULL;
	}
	return digest_bytes(content, strlen(content), hex) < 0 ?
		       NULL : take_ptr(&content);
}
