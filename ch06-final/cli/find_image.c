/* find_image.c - parent.  See find_image.h. */
#include "find_image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "allowed.h"
#include "rootless.h"
#include "verbs.h"

/* A hint, where another driver's store is there, too. */
static const char *
other_images(void)
{
	bool is_aufs = verb_driver() == STORAGE_AUFS;
	auto_free char *other = text("%s/%s", verb_root(),
				     is_aufs ? "layers" : "aufs");
	if (access(other, F_OK) < 0)
		return "";
	return is_aufs ? " for aufs (overlay has images of its own)" :
			 " for overlay (aufs has images of its own)";
}

/* What is said on the way goes to standard error: standard output is the
 * container's alone. */
static int
fetch(const struct run_wanted *wanted, const char *name)
{
	return verb_pull_missing(name, wanted->settings.platform,
				 wanted->quiet);
}

static int
make_busybox(void)
{
	int made = verb_run_image_tool(
		(const char *const[]){ "builtin", "busybox", NULL },
		STDERR_FILENO);
	return made > 0 ? failx("make the built-in image busybox") : made;
}

/* The lock is given up meanwhile, for who adds an image wants it alone. */
static int
unlocked(struct store *store, int (*get)(const struct run_wanted *wanted,
					 const char *name),
	 const struct run_wanted *wanted, const char *name)
{
	store_unlock(store);
	int done = get ? get(wanted, name) : make_busybox();
	struct failure kept = failure;
	if (store_lock(store, LOCK_SH) < 0)
		return -1;
	failure = kept;
	return done;
}

int
find_image(struct store *store, const struct run_wanted *wanted,
	   const char *name, struct image *image)
{
	const char *pull = wanted->pull ? wanted->pull : "missing";
	const char *platform = wanted->settings.platform;
	if (strcmp(pull, "always") == 0 &&
	    unlocked(store, fetch, wanted, name) < 0)
		return -1;
	if (store_find_platform(store, name, platform, image) == 0)
		return 0;
	bool is_builtin = strcmp(name, "busybox") == 0 ||
			  strcmp(name, "busybox:latest") == 0;
	if (failure.code != ENOENT ||
	    (!is_builtin && strcmp(pull, "never") == 0))
		return -1;
	if (!is_builtin)
		fprintf(stderr, "Unable to find image '%s' locally%s\n", name,
			other_images());
	if (unlocked(store, is_builtin ? NULL : fetch, wanted, name) < 0)
		return -1;
	return store_find_platform(store, name, platform, image);
}

int
find_images(struct store *store, const struct run_wanted *wanted,
	    const char *name, struct image *image)
{
	for (size_t i = 0; i < wanted->settings.volume_count; i++) {
		const struct volume *one = &wanted->settings.volumes[i];
		auto_image struct image mounted = { 0 };
		if (strcmp(one->type, "image") == 0 &&
		    find_image(store, wanted, one->source, &mounted) < 0)
			return -1;
	}
	return find_image(store, wanted, name, image);
}

static int
fetch_missing(struct run_wanted *wanted, const char *name)
{
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	if (allowed_check(&wanted->settings) < 0 ||
	    verb_open_store(&store) < 0 || store_lock(&store, LOCK_SH) < 0 ||
	    find_images(&store, wanted, name, &image) < 0)
		return -1;
	/* Once is enough. */
	if (wanted->pull && strcmp(wanted->pull, "always") == 0)
		free_scoped(&wanted->pull);
	return 0;
}

int
fetch_image(const struct verb *verb, struct run_wanted *wanted,
	    const char *name)
{
	int status = verb_enter_to_fetch(verb);
	return status == 0 && rootless_is_inside() &&
			       fetch_missing(wanted, name) < 0 ?
		       verb_error(verb) :
		       status;
}
