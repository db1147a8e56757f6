/*
 * platforms.h - the images that one name stands for: for each platform one, as
 * an archive or a registry gets them, led to by an index (image-spec,
 * image-index.md).
 */
#ifndef PLATFORMS_H
#define PLATFORMS_H

#include "store.h"
#include "tags.h"

#include <jansson.h>

/* The ids of what `tag` means, which is `id`, then of what it means on other
 * platforms.  With `asked`, "linux/amd64,linux/arm64", only those for these, in
 * this order; it is a failure when one lacks.  `tag` may be NULL. */
int platforms_list(struct store *store, const struct tags *tags,
		   const char *id, const char *tag, const char *asked,
		   struct words *ids);

/* What is said of a blob where another refers to it.  For the caller to let
 * go of. */
json_t *platforms_descriptor(const char *type, const char *digest,
			     uint64_t size);
/* Say in the descriptor of a manifest for what its image is. */
void platforms_note(json_t *descriptor, const struct image *image);
/* The index of these descriptors, as text for the caller to free, or NULL;
 * `hex` is its digest. */
char *platforms_index(json_t *descriptors, char hex[65]);

#endif
