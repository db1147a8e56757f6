/* new_container.c - parent.  See new_container.h. */
#include "new_container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "allowed.h"
#include "console.h"
#include "find_image.h"
#include "joined.h"
#include "networks.h"
#include "network_options.h"
#include "store.h"
#include "tell.h"
#include "verbs.h"
#include "volumes.h"
#include "words.h"

/* ---- the container ------------------------------------------------------ */

static int
write_cidfile(const struct container *c)
{
	const char *path = c->settings->cidfile;
	return path ? write_file(AT_FDCWD, path, c->record.id, 0644) : 0;
}

/* Before anything is made: those that it is to be on are there, and are called
 * by their names from now on. */
static int
find_networks(const char *root, struct settings *settings)
{
	auto_close int networks = networks_open(root, 0);
	if (networks < 0)
		return -1;
	for (size_t i = 0; i < settings->network_count; i++) {
		auto_network_record struct network_record record = { 0 };
		struct network_wanted *wanted = &settings->networks[i];
		if (!network_is_own(wanted->name))
			continue;
		if (network_find(networks, wanted->name, &record) < 0)
			return -1;
		option_take_text(&wanted->name, record.name);
	}
	return 0;
}

/* The size that its terminal has each time that it is started with no other. */
static void
note_window(struct settings *settings)
{
	struct winsize size;
	if (settings->terminal && console_size(&size))
		settings->window = (int64_t)size.ws_row << 16 | size.ws_col;
}

/* From when it is on record on, nobody removes its image or its volumes. */
static int
create(struct container *c, struct settings *settings)
{
	auto_close int volumes = -1;
	if (find_networks(c->root, settings) < 0 ||
	    joined_check_links(c->root, settings) < 0 ||
	    volumes_prepare(c->root, settings, &volumes) < 0 ||
	    container_create(c) < 0)
		return -1;
	if (write_cidfile(c) == 0) {
		container_tell(c->dir, &c->record, &settings->labels, "create",
			       NULL);
		return 0;
	}
	struct failure why = failure;
	container_remove(c);
	failure = why;
	return -1;
}

/* Those of --mount type=image, as they are now; another container's are those
 * that it has. */
static int
find_mounted(struct store *store, const struct run_wanted *wanted)
{
	const struct settings *settings = &wanted->settings;
	for (size_t i = 0; i < settings->volume_count; i++) {
		auto_image struct image image = { 0 };
		struct volume *volume = &settings->volumes[i];
		if (strcmp(volume->type, "image") != 0 || volume->image_id)
			continue;
		if (settings->driver != STORAGE_OVERLAY)
			return failx("--mount type=image takes the storage "
				     "driver overlay");
		if (store_find_platform(store, volume->source,
					settings->platform, &image) < 0)
			return -1;
		option_take_text(&volume->image_id, image.id);
		words_add_all(&volume->layers, image.layers);
	}
	return 0;
}

int
new_container(struct container *c, struct run_wanted *wanted,
	      char *const *words)
{
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	struct settings *settings = &wanted->settings;
	if (allowed_check(settings) < 0 || verb_open_store(&store) < 0 ||
	    store_lock(&store, LOCK_SH) < 0 ||
	    find_images(&store, wanted, words[0], &image) < 0)
		return -1;
	settings->image = copy_text(words[0]);
	settings->driver = store.driver;
	note_window(settings);
	if (run_options_complete(wanted, &image, words + 1) < 0 ||
	    find_mounted(&store, wanted) < 0)
		return -1;
	auto_free char *warnings = run_options_warnings(wanted);
	fputs(warnings, stderr);
	container_init(c, verb_root(), settings);
	return create(c, settings);
}
