/* build.c - parent.  See build.h. */
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "image.h"
#include "image_program.h"
#include "tool/builtin.h"

const char *
build_architecture(const char *platform)
{
	const char *slash = strchr(platform, '/');
	return slash ? slash + 1 : platform;
}

char *
build_now(const struct build *build)
{
	char room[64];
	struct timespec now;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &now);
	time_t seconds = build->has_epoch ? build->epoch : now.tv_sec;
	gmtime_r(&seconds, &tm);
	strftime(room, sizeof(room), "%Y-%m-%dT%H:%M:%S", &tm);
	return build->has_epoch ? text("%sZ", room) :
				  text("%s.%09ldZ", room, now.tv_nsec);
}

char *
build_place(const struct build *build, const char *name)
{
	return text("%s/tmp/%s/%s", build->store.root, build->scratch.name,
		    name);
}

char *
build_file(const struct build *build, const void *bytes, size_t length,
	   uid_t uid, gid_t gid, mode_t mode)
{
	auto_free char *path = build_place(build, "file-XXXXXX");
	auto_close int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && write(fd, bytes, length) == (ssize_t)length &&
	    fchown(fd, uid, gid) == 0 && fchmod(fd, mode) == 0)
		return take_ptr(&path);
	fail("write a file for a container");
	return NULL;
}

/* ---- the images that it begins with -------------------------------------- */

static bool
is_builtin(const char *name)
{
	return strcmp(name, "busybox") == 0 ||
	       strcmp(name, "busybox:latest") == 0;
}

static int
fetch(struct build *build, const char *name, const char *platform,
      struct telling *telling)
{
	const char *const words[] = { "pull", "-p", platform, "--", name,
				      NULL };
	auto_free char *id = NULL;
	if (is_builtin(name))
		return builtin_busybox(&build->store, &id);
	return image_program_run(build->root, build->store.driver, words, -1,
				 telling);
}

static int
find_or_fetch(struct build *build, const char *name, const char *platform,
	      struct telling *telling, struct image *image)
{
	bool is_there = store_find_platform(&build->store, name, platform,
					    image) == 0;
	if (!is_there && failure.code != ENOENT)
		return -1;
	bool is_right = is_there && image_is_for(image, platform);
	if (is_right && !(build->options.pull && !is_builtin(name)))
		return 0;
	image_free(image);
	if (fetch(build, name, platform, telling) < 0)
		return wrap("%.100s: failed to resolve source metadata",
			    name);
	if (store_find_platform(&build->store, name, platform, image) < 0)
		return -1;
	return image_is_for(image, platform) ? 0 :
		failx("%.100s is for linux/%s, not for %s", name,
		      image->architecture, platform);
}

/* It is on the shelf of steps, too: so nobody takes its layers away. */
static int
begin_with(struct build *build, const char *id, struct build_state *state)
{
	struct cache_key key;
	size_t length;
	auto_free char *epoch = text("%lld", build->has_epoch ?
				     (long long)build->epoch : -1);
	auto_free char *json = shelves_read_config(&build->store, id, &length);
	if (!json || build_state_parse(state, json, length) < 0 ||
	    cache_key_begin(&key, "") < 0)
		return -1;
	cache_key_add(&key, "FROM");
	cache_key_add(&key, id);
	cache_key_add(&key, epoch);
	if (cache_key_end(&key, state->key) < 0)
		return -1;
	return cache_keep(&build->store, &build->scratch, state);
}

int
build_find_image(struct build *build, const char *name, const char *platform,
		 struct telling *telling, struct build_state *state)
{
	auto_image struct image image = { 0 };
	if (find_or_fetch(build, name, platform, telling, &image) < 0)
		return -1;
	if (store_lock(&build->store, LOCK_SH) < 0)
		return -1;
	int result = begin_with(build, image.id, state);
	store_unlock(&build->store);
	return result;
}
