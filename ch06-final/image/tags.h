/*
 * tags.h - which name means which image: the store's file images.json.
 *
 *	{ "images": { "busybox:latest": "sha256:...", ... } }
 *
 * A name may also be "busybox@sha256:...", the digest of the manifest by which
 * a registry gave the image, or took it.
 *
 * And it may be "busybox:latest linux/arm64": what the name means on that
 * platform, where it means the image for another.  Such names come and go with
 * the plain one.
 *
 * The table is read whole, changed in memory and written whole; whoever
 * writes holds the store's lock (store.h).
 */
#ifndef TAGS_H
#define TAGS_H

#include "base.h"

#define TAGS_FILE "images.json"

struct tag {
	char *name; /* as reference_name() gives it */
	char *id;   /* "sha256:..." */
};

struct tags {
	struct tag *list; /* sorted by name */
	size_t count;
};

/* A file that is not there is an empty table; one that is damaged is a
 * failure that names it. */
int tags_read(int dir, struct tags *tags);
/* The file appears whole or not at all (write_file). */
int tags_write(int dir, const struct tags *tags);
void tags_free(struct tags *tags);
#define auto_tags __attribute__((cleanup(tags_free)))

/* The id behind a name, or NULL. */
const char *tags_id(const struct tags *tags, const char *name);
/* The first name of an id, a plain one with a tag if there is one; or NULL. */
const char *tags_name(const struct tags *tags, const char *id);
/* Is this one of those with a digest?  And how long is what stands before the
 * tag or the digest? */
bool tags_is_digest(const char *name);
size_t tags_repository_length(const char *name);
/* The name for another platform, for the caller to free; and the platform of
 * such a name, NULL for every other. */
char *tags_further(const char *name, const char *platform);
const char *tags_platform(const char *name);
/* Is `further` what `name` is on another platform? */
bool tags_is_further_of(const char *further, const char *name);
/* Let `name` mean `id` from now on.  Where it meant another, the names for
 * other platforms go. */
void tags_set(struct tags *tags, const char *name, const char *id);
/* Forget a name; one that is not there is fine. */
void tags_drop(struct tags *tags, const char *name);

#endif
