/* shelves.c - see shelves.h.  Runs in the parent. */
#include "shelves.h"

#include "lock.h"
#include "reference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const shelves_notes[] = { ".size", ".recipe", ".blobs", NULL };

/* ---- opening ----------------------------------------------------------- */

static int
open_part(const struct store *store, const char *name)
{
	if (mkdirat(store->dir, name, 0700) < 0 && errno != EEXIST)
		return fail("create directory %s/%s", store->root, name);
	int fd = openat(store->dir, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s/%s", store->root, name);
	return fd;
}

static int
open_parts(struct store *store)
{
	store->dir = open(store->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0)
		return fail("open %s", store->root);
	auto_close int parent = open_part(store, "blobs");
	if (parent < 0 ||
	    (store->blobs = open_part(store, "blobs/sha256")) < 0 ||
	    (store->layers = open_part(store, "layers")) < 0 ||
	    (store->partial = open_part(store, "partial")) < 0 ||
	    (store->build = open_part(store, "build")) < 0 ||
	    (store->tmp = open_part(store, "tmp")) < 0)
		return -1;
	store->lock = openat(store->dir, "images.lock",
			     O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return fail("open %s/images.lock", store->root);
	return 0;
}

int
shelves_open(struct store *store, const char *root, enum storage driver)
{
	*store = (struct store){ .driver = driver, .dir = -1, .blobs = -1,
				 .layers = -1, .tmp = -1, .partial = -1,
				 .build = -1, .lock = -1 };
	auto_free char *place =
		driver == STORAGE_OVERLAY ?
			copy_text(root) :
			text("%s/%s", root, storage_name(driver));
	if (make_dirs(place, 0700) < 0)
		return -1;
	store->root = realpath(place, NULL);
	if (!store->root)
		return fail("find %s", place);
	if (open_parts(store) < 0) {
		shelves_close(store);
		return -1;
	}
	return 0;
}

void
shelves_close(struct store *store)
{
	if (!store->root)
		return;
	close_scoped(&store->lock);
	close_scoped(&store->tmp);
	close_scoped(&store->partial);
	close_scoped(&store->build);
	close_scoped(&store->layers);
	close_scoped(&store->blobs);
	close_scoped(&store->dir);
	free(take_ptr(&store->root));
	store->locked = store->depth = 0;
}

int
shelves_lock(struct store *store, int how)
{
	if (store->depth > 0 && how == LOCK_EX && store->locked == LOCK_SH)
		return failx("lock %s: already held for reading", store->root);
	if (store->depth == 0) {
		if (lock_take(store->lock, how) < 0)
			return fail("lock %s/images.lock", store->root);
		store->locked = how;
	}
	store->depth++;
	return 0;
}

void
shelves_unlock(struct store *store)
{
	if (--store->depth > 0)
		return;
	flock(store->lock, LOCK_UN);
	store->locked = 0;
}

/* ---- reading ----------------------------------------------------------- */

char *
shelves_read_config(const struct store *store, const char *id, size_t *length)
{
	const char *hex = id + strlen("sha256:");
	if (faccessat(store->blobs, hex, F_OK, 0) < 0 && errno == ENOENT) {
		failx("image %s: its config %s/blobs/sha256/%s is missing: "
		      "remove the image and load it again", id, store->root,
		      hex);
		return NULL;
	}
	char *json = read_all(store->blobs, hex, length);
	if (!json)
		wrap("image %s", id);
	return json;
}

bool
shelves_has_layer(const struct store *store, const char *hex)
{
	struct stat st;
	return fstatat(store->layers, hex, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

uint64_t
shelves_layer_size(const struct store *store, const char *hex)
{
	auto_free char *name = text("%s.size", hex);
	char digits[32];
	uint64_t size = 0;
	/* A size is for information: one that was lost must not keep an
	 * image from being used. */
	if (read_text(store->layers, name, digits, sizeof(digits)) < 0 ||
	    parse_number(digits, 0, UINT64_MAX, &size) < 0)
		return 0;
	return size;
}

/* What has a digest for its name, with `before` put before it. */
static int
list_digests(const struct store *store, int place, const char *name,
	     const char *before, struct words *found)
{
	auto_close int fd = openat(place, ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("list %s/%s", store->root, name);
	take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!reference_is_hex(entry->d_name))
			continue;
		auto_free char *id = text("%s%s", before, entry->d_name);
		words_add(found, id);
	}
	return 0;
}

int
shelves_list_ids(const struct store *store, struct words *ids)
{
	return list_digests(store, store->blobs, "blobs/sha256", "sha256:",
			    ids);
}

int
shelves_list_steps(const struct store *store, struct words *keys)
{
	return list_digests(store, store->build, "build", "", keys);
}

static void
add_layers(const struct image *image, struct words *hexes)
{
	for (char **diff = image->diff_ids; *diff; diff++) {
		const char *hex = *diff + strlen("sha256:");
		if (!words_has(hexes, hex))
			words_add(hexes, hex);
	}
}

void
shelves_step_layers(const struct store *store, const char *key,
		    struct words *hexes)
{
	auto_image struct image image = { 0 };
	struct failure kept = failure;
	size_t length;
	auto_free char *json = read_all(store->build, key, &length);
	if (json && image_parse(json, length, key, &image) == 0)
		add_layers(&image, hexes);
	failure = kept;
}

int
shelves_layers_in_use(const struct store *store, const struct words *except,
		      struct words *hexes)
{
	auto_words struct words ids = { 0 }, keys = { 0 };
	if (shelves_list_ids(store, &ids) < 0 ||
	    shelves_list_steps(store, &keys) < 0)
		return -1;
	for (size_t i = 0; i < keys.count; i++)
		shelves_step_layers(store, keys.items[i], hexes);
	for (size_t i = 0; i < ids.count; i++) {
		auto_image struct image image = { 0 };
		size_t length;
		if (except && words_has(except, ids.items[i]))
			continue;
		auto_free char *json =
			shelves_read_config(store, ids.items[i], &length);
		if (!json ||
		    image_parse(json, length, ids.items[i], &image) < 0)
			return wrap("find out which layers are needed");
		add_layers(&image, hexes);
	}
	return 0;
}
