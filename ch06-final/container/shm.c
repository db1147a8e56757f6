/* shm.c - parent.  See shm.h. */
#include "shm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY "shm"

static char *
path_of(const char *root, const char *id)
{
	return text("%s/containers/%s/" DIRECTORY, root, id);
}

int
shm_up(struct container *c)
{
	if (strcmp(c->settings->ipc ?: "", "shareable") != 0)
		return 0;
	auto_free char *path = path_of(c->root, c->record.id);
	auto_free char *options =
		text("mode=1777,size=%" PRId64, settings_shm_size(c->settings));
	if (mkdirat(c->dir, DIRECTORY, 0755) < 0 && errno != EEXIST)
		return fail("make %s", path);
	if (trace(mount("shm", path, "tmpfs",
			MS_NOSUID | MS_NODEV | MS_NOEXEC, options),
		  "mount(\"shm\", \"%s\", \"tmpfs\")", path) < 0)
		return fail("mount a tmpfs on %s", path);
	return 0;
}

bool
shm_is_left(int dir)
{
	return faccessat(dir, DIRECTORY, F_OK, 0) == 0;
}

int
shm_down(struct container *c)
{
	if (c->dir < 0 || !shm_is_left(c->dir))
		return 0;
	auto_free char *path = path_of(c->root, c->record.id);
	/* Who has joined has a mount of his own of it. */
	if (trace(umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW),
		  "umount2(\"%s\")", path) < 0 &&
	    errno != EINVAL && errno != ENOENT)
		return fail("unmount %s", path);
	if (unlinkat(c->dir, DIRECTORY, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail("remove %s", path);
	return 0;
}
