/* store.c - see store.h.  Runs in the parent. */
#include "store.h"

#include "platform.h"
#include "reference.h"
#include "scratch.h"
#include "tags.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- opening ----------------------------------------------------------- */

int
store_open(struct store *store, const char *root, enum storage driver)
{
	if (shelves_open(store, root, driver) < 0)
		return -1;
	/* What cannot be removed now, the next command will try again; the
	 * store itself is in order. */
	struct failure kept = failure;
	if (scratch_sweep(store) < 0)
		failure = kept;
	return 0;
}

void
store_close(struct store *store)
{
	shelves_close(store);
}

int
store_lock(struct store *store, int how)
{
	return shelves_lock(store, how);
}

void
store_unlock(struct store *store)
{
	shelves_unlock(store);
}

/* ---- reading ----------------------------------------------------------- */

/* Neither driver looks whether the root of a layer is opaque, but a layer may
 * say so: then those below it are left out. */
static bool
hides_all_below(struct store *store, const char *hex)
{
	auto_close int dir = openat(store->layers, hex, O_RDONLY | O_DIRECTORY |
				    O_NOFOLLOW | O_CLOEXEC);
	enum marks marks = storage_marks(store->driver);
	return dir >= 0 && marks_is_opaque(dir, marks) == 1;
}

/* The top one first. */
int
store_find_layers(struct store *store, struct image *image)
{
	auto_words struct words layers = { 0 };
	bool is_hidden = false;
	size_t count = 0;
	while (image->diff_ids[count])
		count++;
	while (count-- > 0) {
		const char *hex = image->diff_ids[count] + strlen("sha256:");
		if (!shelves_has_layer(store, hex))
			return failx("image %s: its layer %s/layers/%s is "
				     "missing: load the image again",
				     image->name ? image->name : image->id,
				     store->root, hex);
		image->size += shelves_layer_size(store, hex);
		auto_free char *path =
			text("%s/layers/%s", store->root, hex);
		/* An image may have a layer twice (empty ones are all the
		 * same); the upper hides all of the lower, and a driver takes
		 * no directory twice. */
		if (is_hidden || words_has(&layers, path))
			continue;
		words_add(&layers, path);
		is_hidden = hides_all_below(store, hex);
	}
	image->layers = words_take(&layers);
	return 0;
}

static char **
digests_of(const struct tags *tags, const char *id)
{
	auto_words struct words digests = { 0 };
	for (size_t i = 0; i < tags->count; i++)
		if (tags_is_digest(tags->list[i].name) &&
		    strcmp(tags->list[i].id, id) == 0)
			words_add(&digests, tags->list[i].name);
	return words_take(&digests);
}

static int
read_image(struct store *store, const struct tags *tags, const char *id,
	   const char *name, struct image *image)
{
	*image = (struct image){ 0 };
	size_t length;
	auto_free char *json = shelves_read_config(store, id, &length);
	if (!json)
		return -1;
	if (image_parse(json, length, id, image) < 0)
		return wrap("%s/blobs/sha256/%s is damaged: remove the image "
			    "and load it again", store->root, id + 7);
	image->id = copy_text(id);
	image->name = name ? copy_text(name) : NULL;
	image->digests = digests_of(tags, id);
	if (store_find_layers(store, image) < 0) {
		image_free(image);
		return -1;
	}
	return 0;
}

/* ---- finding ----------------------------------------------------------- */

static int
no_such_image(const char *name)
{
	failx("No such image: %s", name);
	failure.code = ENOENT;
	return -1;
}

/* The one id that begins like this; "" when there is none. */
static int
complete_id(struct store *store, const char *prefix, char **id)
{
	auto_words struct words ids = { 0 };
	auto_words struct words fits = { 0 };
	const char *digits =
		strncmp(prefix, "sha256:", 7) == 0 ? prefix + 7 : prefix;
	size_t length = strlen(digits);
	if (length == 0 || strspn(digits, "0123456789abcdef") != length)
		return 0;
	if (shelves_list_ids(store, &ids) < 0)
		return -1;
	for (size_t i = 0; i < ids.count; i++)
		if (strncmp(ids.items[i] + 7, digits, length) == 0)
			words_add(&fits, ids.items[i]);
	if (fits.count > 1)
		return failx("multiple IDs found with provided prefix: %s",
			     prefix);
	if (fits.count == 1)
		*id = copy_text(fits.items[0]);
	return 0;
}

/* name@digest: that content, provided that it goes by that name; the digest is
 * the manifest's in the registry, or the image's own. */
static const char *
id_of_digest(const struct tags *tags, const struct reference *reference,
	     char **name)
{
	auto_free char *full = text("%s@%s", reference->repository,
				    reference->digest);
	const char *id = tags_id(tags, full);
	if (id) {
		*name = take_ptr(&full);
		return id;
	}
	for (size_t i = 0; i < tags->count; i++) {
		const struct tag *tag = &tags->list[i];
		size_t length = strlen(reference->repository);
		if (strcmp(tag->id, reference->digest) == 0 &&
		    strncmp(tag->name, reference->repository, length) == 0 &&
		    tag->name[length] == ':')
			return tag->id;
	}
	return NULL;
}

/*
 * What `name` means: fills in `id`, and `tag` when it is a name.  A name wins
 * over the beginning of an id, as in Docker: "fade" may be an image.
 */
int
store_resolve(struct store *store, const struct tags *tags, const char *name,
	      char **id, char **tag)
{
	auto_reference struct reference reference = { 0 };
	struct failure invalid = { 0 };
	const char *shown = name;
	auto_free char *full = NULL;
	if (reference_parse(name, &reference) < 0) {
		invalid = failure;
	} else {
		shown = full = reference_name(&reference);
		const char *found = reference.digest ?
			id_of_digest(tags, &reference, tag) :
			tags_id(tags, full);
		if (found) {
			*id = copy_text(found);
			if (!reference.digest)
				*tag = take_ptr(&full);
			return 0;
		}
	}
	if (complete_id(store, name, id) < 0)
		return -1;
	if (*id)
		return 0;
	if (invalid.text[0] && !reference_is_hex(name)) {
		failure = invalid;
		return -1;
	}
	return no_such_image(shown);
}

/* The id of what the name means on a platform; NULL: nothing is nearer to it
 * than this distance (platform_distance()). */
static const char *
further_id(const struct tags *tags, const char *name, const char *platform,
	   int distance)
{
	const char *best = NULL;
	for (size_t i = 0; i < tags->count && distance != 0; i++) {
		const struct tag *tag = &tags->list[i];
		if (!tags_is_further_of(tag->name, name))
			continue;
		int other = platform_distance(tags_platform(tag->name),
					      platform);
		if (other < 0 || (distance >= 0 && other >= distance))
			continue;
		distance = other;
		best = tag->id;
	}
	return best;
}

static int
find_locked(struct store *store, const char *name, const char *platform,
	    struct image *image)
{
	auto_tags struct tags tags = { 0 };
	auto_free char *id = NULL, *tag = NULL;
	if (tags_read(store->dir, &tags) < 0 ||
	    store_resolve(store, &tags, name, &id, &tag) < 0 ||
	    read_image(store, &tags, id, tag ? tag : tags_name(&tags, id),
		       image) < 0)
		return -1;
	auto_free char *own = image_platform(image);
	const char *other = platform && tag ?
		further_id(&tags, tag, platform,
			   platform_distance(own, platform)) : NULL;
	if (!other)
		return 0;
	image_free(image);
	return read_image(store, &tags, other, tag, image);
}

int
store_find_platform(struct store *store, const char *name,
		    const char *platform, struct image *image)
{
	*image = (struct image){ 0 };
	if (store_lock(store, LOCK_SH) < 0)
		return -1;
	int found = find_locked(store, name, platform, image);
	store_unlock(store);
	return found;
}

int
store_find_image(struct store *store, const char *name, struct image *image)
{
	return store_find_platform(store, name, NULL, image);
}

/* ---- listing ----------------------------------------------------------- */

static int
list_locked(struct store *store, struct image **images, size_t *count)
{
	auto_tags struct tags tags = { 0 };
	auto_words struct words ids = { 0 };
	if (tags_read(store->dir, &tags) < 0 ||
	    shelves_list_ids(store, &ids) < 0)
		return -1;
	*images = new_bytes((tags.count + ids.count) * sizeof(**images));
	for (size_t i = 0; i < tags.count; i++) {
		const struct tag *tag = &tags.list[i];
		if (tags_platform(tag->name))
			continue;
		if (tags_is_digest(tag->name) &&
		    strcmp(tags_name(&tags, tag->id), tag->name) != 0)
			continue;
		if (read_image(store, &tags, tag->id, tag->name,
			       &(*images)[*count]) < 0)
			return -1;
		++*count;
	}
	for (size_t i = 0; i < ids.count; i++) {
		if (tags_name(&tags, ids.items[i]))
			continue;
		if (read_image(store, &tags, ids.items[i], NULL,
			       &(*images)[*count]) < 0)
			return -1;
		++*count;
	}
	return 0;
}

int
store_list(struct store *store, struct image **images, size_t *count)
{
	*images = NULL;
	*count = 0;
	if (store_lock(store, LOCK_SH) < 0)
		return -1;
	int done = list_locked(store, images, count);
	store_unlock(store);
	if (done < 0) {
		store_free_list(*images, *count);
		*images = NULL;
		*count = 0;
	}
	return done;
}

void
store_free_list(struct image *images, size_t count)
{
	for (size_t i = 0; i < count; i++)
		image_free(&images[i]);
	free(images);
}

/* ---- names ------------------------------------------------------------- */

int
store_publish_tags(struct store *store, const struct scratch *scratch,
		   const struct tags *tags)
{
	if (tags_write(scratch->dir, tags) < 0)
		return -1;
	if (renameat(scratch->dir, TAGS_FILE, store->dir, TAGS_FILE) < 0)
		return fail("write %s/%s", store->root, TAGS_FILE);
	if (fsync(store->dir) < 0)
		return fail("sync %s", store->root);
	return 0;
}

/* What the one means on other platforms, the other means there, too. */
static void
tag_further(struct tags *tags, const char *source, const char *target)
{
	auto_words struct words names = { 0 };
	for (size_t i = 0; i < tags->count; i++)
		if (tags_is_further_of(tags->list[i].name, source))
			words_add(&names, tags->list[i].name);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		auto_free char *id = copy_text(tags_id(tags, name));
		auto_free char *further =
			tags_further(target, tags_platform(name));
		tags_set(tags, further, id);
	}
}

static int
tag_locked(struct store *store, const char *source, const char *target,
	   const struct scratch *scratch)
{
	auto_tags struct tags tags = { 0 };
	auto_free char *id = NULL, *tag = NULL;
	if (tags_read(store->dir, &tags) < 0 ||
	    store_resolve(store, &tags, source, &id, &tag) < 0)
		return -1;
	tags_set(&tags, target, id);
	if (tag && strcmp(tag, target) != 0)
		tag_further(&tags, tag, target);
	return store_publish_tags(store, scratch, &tags);
}

int
store_tag(struct store *store, const char *source, const char *target)
{
	auto_reference struct reference reference = { 0 };
	if (reference_parse(target, &reference) < 0)
		return wrap("\"%.100s\" is not a valid repository/tag", target);
	if (reference.digest)
		return failx("refusing to create a tag with a digest "
			     "reference");
	auto_free char *name = reference_name(&reference);
	struct scratch scratch;
	if (scratch_create(store, &scratch) < 0)
		return -1;
	int done = store_lock(store, LOCK_EX);
	if (done == 0) {
		done = tag_locked(store, source, name, &scratch);
		store_unlock(store);
	}
	if (scratch_remove(store, &scratch) < 0)
		return -1;
	return done;
}
