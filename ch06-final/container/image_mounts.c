/* image_mounts.c - parent.  See image_mounts.h. */
#include "image_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mountfd.h"
#include "ns.h"
#include "overlay.h"
#include "safepath.h"
#include "sync.h"
#include "sys.h"
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

/* Links in the image lead to nowhere outside of it. */
static int
clone_path(const char *target, const char *subpath)
{
	auto_close int root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail("open %s", target);
	auto_close int fd = safepath_open(root, subpath ?: "/", O_PATH);
	if (fd < 0)
		return wrap("cannot access path %s of the image", subpath);
	return mountfd_clone(fd, "", false);
}

_Noreturn static void
mount_aside(const struct volume *volume, const char *target, int sock)
{
	const struct overlay overlay = {
		.layers = (const char *const *)volume->layers.items,
		.layer_count = volume->layers.count,
	};
	if (ns_own_mounts() == 0 &&
	    overlay_mount(&overlay, target, MS_NODEV | MS_RDONLY) == 0) {
		auto_close int mount = clone_path(target, volume->subpath);
		if (mount >= 0 && sync_send_fd(sock, mount) == 0)
			_exit(0);
	}
	sync_send_failure(sock);
	_exit(EXIT_RUNTIME);
}

static int
open_one(const struct volume *volume, const char *target)
{
	auto_close int ours = -1;
	auto_close int theirs = -1;
	auto_close int pidfd = -1;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	fflush(NULL);
	pid_t pid = sys_clone(0, -1, &pidfd);
	if (pid == 0)
		mount_aside(volume, target, theirs);
	if (pid < 0)
		return fail("start a process that mounts the image");
	close_scoped(&theirs);
	int mount = sync_expect_fd(ours, "who mounts the image");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
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
