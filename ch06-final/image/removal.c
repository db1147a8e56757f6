/* removal.c - store_remove_image() and store_release_layers() of store.h.
 * Runs in the parent. */
#include "store.h"

#include "reference.h"
#include "scratch.h"
#include "tags.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The layers that nobody has any more once these images (or NULL) are gone. */
static int
find_unused(struct store *store, const struct words *gone,
	    const struct store_users *users, struct words *unused)
{
	auto_words struct words used = { 0 };
	if (shelves_layers_in_use(store, gone, &used) < 0)
		return -1;
	auto_close int fd = openat(store->layers, ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("list %s/layers", store->root);
	take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *hex = entry->d_name;
		auto_free char *diff_id = text("sha256:%s", hex);
		if (reference_is_hex(hex) && !words_has(&used, hex) &&
		    !(users && users->uses_layer &&
		      users->uses_layer(users->data, diff_id)))
			words_add(unused, hex);
	}
	return 0;
}

static bool
is_same_repository(const char *one, const char *other)
{
	size_t length = tags_repository_length(one);
	return length == tags_repository_length(other) &&
	       strncmp(one, other, length) == 0;
}

/* Are there names of this image in more than one repository? */
static bool
is_in_several_repositories(const struct tags *tags, const char *id)
{
	const char *first = tags_name(tags, id);
	for (size_t i = 0; first && i < tags->count; i++) {
		const char *name = tags->list[i].name;
		if (strcmp(tags->list[i].id, id) == 0 &&
		    !is_same_repository(name, first))
			return true;
	}
	return false;
}

/* Docker's reasons for refusing, in Docker's words.  1 when a container needs
 * the image and only its names may go. */
static int
check_users(const struct store_users *users, const char *id, const char *tag,
	    bool force)
{
	bool running = false;
	const char *user = users && users->image_user ?
		users->image_user(users->data, id, &running) : NULL;
	if (!user)
		return 0;
	if (running && !tag)
		return failx("conflict: unable to delete %.12s (cannot be "
			     "forced) - image is being used by running "
			     "container %s", id + 7, user);
	if (tag && !force)
		return failx("conflict: unable to remove repository reference "
			     "\"%s\" - container %s is using its referenced "
			     "image %.12s (remove the container first: rm)",
			     tag, user, id + 7);
	if (!force)
		return failx("conflict: unable to delete %.12s - image is "
			     "being used by stopped container %s (remove "
			     "that first: rm)", id + 7, user);
	return users->uses_layer ? 0 : 1;
}

/* With the last tag that an image has in a repository its digests there go. */
static void
drop_digests(struct tags *tags, const char *id, const char *tag,
	     struct words *untagged)
{
	auto_words struct words digests = { 0 };
	for (size_t i = 0; i < tags->count; i++) {
		const char *name = tags->list[i].name;
		if (strcmp(tags->list[i].id, id) != 0 ||
		    !is_same_repository(name, tag))
			continue;
		if (!tags_is_digest(name))
			return;
		words_add(&digests, name);
	}
	for (size_t i = 0; i < digests.count; i++) {
		words_add(untagged, digests.items[i]);
		tags_drop(tags, digests.items[i]);
	}
}

/* What names mean on other platforms (with `tag`, that one does): it goes with
 * the last of them. */
static void
list_further(const struct tags *tags, const char *tag, struct words *ids)
{
	for (size_t i = 0; i < tags->count; i++) {
		const struct tag *one = &tags->list[i];
		if (tag ? tags_is_further_of(one->name, tag) :
			  tags_platform(one->name) != NULL)
			words_add(ids, one->id);
	}
}

/* What a name means on another platform has a name of the table's own. */
static void
note_untagged(struct words *untagged, const char *name)
{
	const char *platform = tags_platform(name);
	auto_free char *shown = platform ?
		text("%.*s (%s)", (int)(platform - 1 - name), name, platform) :
		copy_text(name);
	words_add(untagged, shown);
}

/* Take one name away, or with `tag` NULL all names of the image. */
static void
drop_names(struct tags *tags, const char *id, const char *tag,
	   struct words *untagged)
{
	if (tag) {
		auto_words struct words ids = { 0 };
		words_add(&ids, id);
		list_further(tags, tag, &ids);
		words_add(untagged, tag);
		tags_drop(tags, tag);
		for (size_t i = 0; i < ids.count; i++)
			drop_digests(tags, ids.items[i], tag, untagged);
		return;
	}
	for (const char *name; (name = tags_name(tags, id));) {
		auto_words struct words ids = { 0 };
		auto_free char *gone = copy_text(name);
		list_further(tags, gone, &ids);
		note_untagged(untagged, gone);
		tags_drop(tags, gone);
		for (size_t i = 0; i < ids.count; i++)
			drop_digests(tags, ids.items[i], gone, untagged);
	}
}

/* The point of no return is store_publish_tags(): before it the list of what
 * may go is on the disk, after it the list is followed, now or by the next
 * command (scratch.h). */
static int
delete_images(struct store *store, const struct tags *tags,
	      const struct words *ids, const struct store_users *users,
	      const struct scratch *scratch, struct store_removal *removal)
{
	auto_words struct words images = { 0 }, layers = { 0 };
	if (find_unused(store, ids, users, &layers) < 0)
		return -1;
	for (size_t i = 0; i < ids->count; i++)
		words_add(&images, ids->items[i] + strlen("sha256:"));
	if (scratch_intend(scratch, &images, &layers) < 0)
		return -1;
	if (store_publish_tags(store, scratch, tags) < 0) {
		scratch_complete(scratch);
		return -1;
	}
	words_add_all(&removal->deleted, ids->items);
	for (size_t i = 0; i < layers.count; i++) {
		auto_free char *diff = text("sha256:%s", layers.items[i]);
		words_add(&removal->deleted, diff);
		removal->bytes += shelves_layer_size(store, layers.items[i]);
	}
	return scratch_discard(store, scratch);
}

/* One that a container needs stays, without a name. */
static void
add_orphans(const struct tags *tags, const struct words *further,
	    const struct store_users *users, struct words *gone)
{
	struct failure kept = failure;
	for (size_t i = 0; i < further->count; i++) {
		const char *id = further->items[i];
		if (!tags_name(tags, id) && !words_has(gone, id) &&
		    check_users(users, id, NULL, false) == 0)
			words_add(gone, id);
	}
	failure = kept;
}

static int
remove_locked(struct store *store, const char *name, bool force,
	      const struct store_users *users, const struct scratch *scratch,
	      struct store_removal *removal)
{
	auto_tags struct tags tags = { 0 };
	auto_words struct words further = { 0 }, gone = { 0 };
	auto_free char *id = NULL, *tag = NULL;
	if (tags_read(store->dir, &tags) < 0 ||
	    store_resolve(store, &tags, name, &id, &tag) < 0)
		return -1;
	if (!tag && !force && is_in_several_repositories(&tags, id))
		return failx("conflict: unable to delete %.12s (must be "
			     "forced) - image is referenced in multiple "
			     "repositories", id + 7);
	list_further(&tags, NULL, &further);
	drop_names(&tags, id, tag, &removal->untagged);
	bool is_last = !tags_name(&tags, id);
	int needed = is_last ? check_users(users, id, tag, force) : 1;
	if (needed < 0)
		return -1;
	if (needed && removal->untagged.count == 0)
		return failx("conflict: unable to delete %.12s (cannot be "
			     "forced) - a container is using it (remove that "
			     "first: rm)", id + 7);
	if (!needed)
		words_add(&gone, id);
	add_orphans(&tags, &further, users, &gone);
	if (gone.count == 0)
		return store_publish_tags(store, scratch, &tags);
	return delete_images(store, &tags, &gone, users, scratch, removal);
}

void
store_free_removal(struct store_removal *removal)
{
	words_free(&removal->untagged);
	words_free(&removal->deleted);
}

int
store_remove_image(struct store *store, const char *name, bool force,
		   const struct store_users *users,
		   struct store_removal *removal)
{
	*removal = (struct store_removal){ 0 };
	struct scratch scratch;
	if (scratch_create(store, &scratch) < 0)
		return -1;
	int done = store_lock(store, LOCK_EX);
	if (done == 0) {
		done = remove_locked(store, name, force, users, &scratch,
				     removal);
		store_unlock(store);
	}
	if (scratch_remove(store, &scratch) < 0)
		done = -1;
	if (done < 0)
		store_free_removal(removal);
	return done;
}

static int
release_locked(struct store *store, const struct store_users *users,
	       const struct scratch *scratch)
{
	auto_words struct words none = { 0 }, layers = { 0 };
	if (find_unused(store, NULL, users, &layers) < 0)
		return -1;
	if (layers.count == 0)
		return 0;
	if (scratch_intend(scratch, &none, &layers) < 0)
		return -1;
	return scratch_discard(store, scratch);
}

int
store_release_layers(struct store *store, const struct store_users *users)
{
	struct scratch scratch;
	if (scratch_create(store, &scratch) < 0)
		return -1;
	int done = store_lock(store, LOCK_EX);
	if (done == 0) {
		done = release_locked(store, users, &scratch);
		store_unlock(store);
	}
	if (scratch_remove(store, &scratch) < 0)
		done = -1;
	return done;
}
