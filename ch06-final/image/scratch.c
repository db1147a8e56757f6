/* scratch.c - see scratch.h.  Runs in the parent. */
#include "scratch.h"

#include "reference.h"
#include "shelves.h"
#include "tags.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISCARD_FILE "discard"

static int
open_directory(const struct store *store, const char *name)
{
	return openat(store->tmp, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * Between mkdir and flock the directory looks abandoned.  The store's lock,
 * which the sweeper takes exclusively, closes that gap.
 */
int
scratch_create(struct store *store, struct scratch *scratch)
{
	*scratch = (struct scratch){ .dir = -1 };
	uint64_t number;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail("get a random number");
	if (shelves_lock(store, LOCK_SH) < 0)
		return -1;
	scratch->name = text("%d-%016llx", getpid(),
			     (unsigned long long)number);
	int done = mkdirat(store->tmp, scratch->name, 0700);
	if (done == 0)
		done = scratch->dir = open_directory(store, scratch->name);
	if (done >= 0)
		done = flock(scratch->dir, LOCK_EX);
	if (done < 0)
		fail("make a directory in %s/tmp", store->root);
	shelves_unlock(store);
	return done < 0 ? -1 : 0;
}

int
scratch_remove(struct store *store, struct scratch *scratch)
{
	if (!scratch->name)
		return 0;
	/* Keep the reason why a caller gives up. */
	struct failure kept = failure;
	int done = 0;
	/* A list that could not be followed is the next command's to follow. */
	if (scratch->dir < 0 ||
	    faccessat(scratch->dir, DISCARD_FILE, F_OK, 0) < 0)
		done = tree_remove(store->tmp, scratch->name);
	if (done == 0)
		failure = kept;
	close_scoped(&scratch->dir);
	free(take_ptr(&scratch->name));
	return done;
}

/* ---- the list of what may go ------------------------------------------- */

int
scratch_intend(const struct scratch *scratch, const struct words *images,
	       const struct words *layers)
{
	auto_free char *list = NULL;
	size_t length;
	auto_file FILE *out = open_memstream(&list, &length);
	if (!out)
		return fail("write a list");
	for (size_t i = 0; i < images->count; i++)
		fprintf(out, "image %s\n", images->items[i]);
	for (size_t i = 0; i < layers->count; i++)
		fprintf(out, "layer %s\n", layers->items[i]);
	if (fflush(out) != 0)
		return fail("write a list");
	if (write_file(scratch->dir, DISCARD_FILE, list, 0600) < 0)
		return -1;
	if (fsync(scratch->dir) < 0)
		return fail("sync tmp/%s", scratch->name);
	return 0;
}

int
scratch_complete(const struct scratch *scratch)
{
	if (unlinkat(scratch->dir, DISCARD_FILE, 0) < 0 && errno != ENOENT)
		return fail("remove tmp/%s/%s", scratch->name, DISCARD_FILE);
	return 0;
}

static int
discard_image(struct store *store, const struct tags *tags, const char *hex)
{
	auto_free char *id = text("sha256:%s", hex);
	if (tags_name(tags, id))
		return 0;
	if (unlinkat(store->blobs, hex, 0) < 0 && errno != ENOENT)
		return fail("remove %s/blobs/sha256/%s", store->root, hex);
	return 0;
}

static int
discard_layer(struct store *store, const struct scratch *scratch,
	      const struct words *used, const char *hex)
{
	if (words_has(used, hex))
		return 0;
	auto_free char *gone = text("gone-%s", hex);
	if (renameat(store->layers, hex, scratch->dir, gone) < 0 &&
	    errno != ENOENT)
		return fail("remove %s/layers/%s", store->root, hex);
	for (size_t i = 0; shelves_notes[i]; i++) {
		auto_free char *note = text("%s%s", hex, shelves_notes[i]);
		if (unlinkat(store->layers, note, 0) < 0 && errno != ENOENT)
			return fail("remove %s/layers/%s", store->root, note);
	}
	return 0;
}

/* Call `discard_*` for every line of one kind. */
static int
discard_lines(struct store *store, const struct scratch *scratch,
	      const char *list, const struct tags *tags,
	      const struct words *used)
{
	const char *kind = tags ? "image " : "layer ";
	for (const char *line = list; *line; line += strcspn(line, "\n")) {
		line += strspn(line, "\n");
		char hex[65] = "";
		if (strncmp(line, kind, 6) != 0)
			continue;
		strncat(hex, line + 6, sizeof(hex) - 1);
		if (!reference_is_hex(hex))
			return failx("%s/tmp/%s/%s is damaged", store->root,
				     scratch->name, DISCARD_FILE);
		int done = tags ? discard_image(store, tags, hex) :
				  discard_layer(store, scratch, used, hex);
		if (done < 0)
			return -1;
	}
	return 0;
}

/*
 * Images first: which layers are still needed shows in those that are left.
 * When one of them cannot be read, no layer goes.
 */
int
scratch_discard(struct store *store, const struct scratch *scratch)
{
	/* lab scratch_discard: No list, no work: that is no failure.  Else
	 * read it (read_all) and the names (tags_read), and have
	 * discard_lines() go through it twice: for the images, with `tags`,
	 * and with `tags` NULL for the layers, which then needs to know the
	 * layers that are in use (shelves_layers_in_use).  fsync(2) what was
	 * changed, store->blobs and store->layers, and only when all is on the
	 * disk take the list away: scratch_complete(). */
	if (faccessat(scratch->dir, DISCARD_FILE, F_OK, 0) < 0)
		return errno == ENOENT ? 0 : fail("read tmp/%s/%s",
						  scratch->name, DISCARD_FILE);
	auto_free char *list = read_all(scratch->dir, DISCARD_FILE, NULL);
	auto_tags struct tags tags = { 0 };
	auto_words struct words used = { 0 };
	if (!list || tags_read(store->dir, &tags) < 0 ||
	    discard_lines(store, scratch, list, &tags, NULL) < 0 ||
	    fsync(store->blobs) < 0 ||
	    shelves_layers_in_use(store, NULL, &used) < 0 ||
	    discard_lines(store, scratch, list, NULL, &used) < 0)
		return -1;
	if (fsync(store->layers) < 0)
		return fail("sync %s/layers", store->root);
	return scratch_complete(scratch);
	/* lab end: (void)discard_lines;
	 * return failx("scratch_discard %s/%s: not written yet", store->root,
	 *	     scratch->name); */
}

/* ---- after killed processes -------------------------------------------- */

/* Is there a directory whose lock nobody holds? */
static bool
has_abandoned(const struct store *store, const struct words *names)
{
	for (size_t i = 0; i < names->count; i++) {
		auto_close int fd = open_directory(store, names->items[i]);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
	}
	return false;
}

static int
list_names(const struct store *store, struct words *names)
{
	auto_close int fd = openat(store->tmp, ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("list %s/tmp", store->root);
	take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			words_add(names, entry->d_name);
	return 0;
}

/* Take an abandoned directory over, and bring the store into order by its
 * list.  It stays, and its lock is free again, when that fails. */
static bool
adopt(struct store *store, const char *name, struct scratch *scratch)
{
	*scratch = (struct scratch){ .dir = open_directory(store, name) };
	if (scratch->dir < 0)
		return false;
	scratch->name = copy_text(name);
	if (flock(scratch->dir, LOCK_EX | LOCK_NB) == 0 &&
	    scratch_discard(store, scratch) == 0)
		return true;
	close_scoped(&scratch->dir);
	free(take_ptr(&scratch->name));
	return false;
}

int
scratch_sweep(struct store *store)
{
	auto_words struct words names = { 0 };
	if (list_names(store, &names) < 0)
		return -1;
	if (!has_abandoned(store, &names))
		return 0;
	auto_free struct scratch *found =
		new_bytes(names.count * sizeof(*found));
	size_t count = 0;
	if (shelves_lock(store, LOCK_EX) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (adopt(store, names.items[i], &found[count]))
			count++;
	shelves_unlock(store);

	/* The long part needs no lock but the directories' own. */
	int result = 0;
	for (size_t i = 0; i < count; i++)
		if (scratch_remove(store, &found[i]) < 0)
			result = -1;
	return result;
}
