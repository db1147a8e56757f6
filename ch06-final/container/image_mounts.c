/* image_mounts.c - parent.  See image_mounts.h. */
#include "image_mounts.h"

#include <string.h>
#include <sys/mount.h>

#include "aside.h"
#include "volumes.h"

bool
image_mounts_have(const struct settings *settings, const char *id)
{
	for (size_t i = 0; i < settings->volume_count; i++) {
		const struct volume *volume = &settings->volumes[i];
		if (volume->image_id && strcmp(volume->image_id, id) == 0)
			return true;
	}
	return false;
}

static int
open_one(const struct volume *volume, const char *target)
{
	const struct overlay overlay = {
		.layers = (const char *const *)volume->layers.items,
		.layer_count = volume->layers.count,
	};
	int mount = aside_open(&overlay, target, volume->subpath,
			       MS_NODEV | MS_RDONLY);
	return mount < 0 ? wrap("mount image %s", volume->source) : mount;
}

int
image_mounts_open(struct container *c, const char *empty)
{
	const struct settings *settings = c->settings;
	size_t size = settings->volume_count * sizeof(*c->paths);
	for (size_t i = 0; i < settings->volume_count; i++) {
		if (strcmp(settings->volumes[i].type, "image") != 0)
			continue;
		if (!c->paths)
			c->paths = memset(new_bytes(size), -1, size);
		c->paths[i] = open_one(&settings->volumes[i], empty);
		if (c->paths[i] < 0)
			return -1;
	}
	return 0;
}
