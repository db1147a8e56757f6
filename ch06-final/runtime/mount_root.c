/* mount_root.c - child.  See mounts.h: the root, and how mounts spread. */
#include <errno.h>
#include <unistd.h>

#include "mountfd.h"
#include "mounts.h"
#include "place.h"
#include "session.h"
#include "sys.h"

static unsigned long
root_propagation(const struct oci_config *config)
{
	return config->kernel ? config->kernel->rootfs_propagation : 0;
}

/* What is mounted on a shared mount appears with its peers, too, and
 * pivot_root(2) refuses it: the mount that `dir` is on becomes private. */
static int
make_private(int dir)
{
	auto_close int top = openat(dir, ".", O_PATH | O_CLOEXEC);
	int is_top = top < 0 ? fail("open the root") : mountfd_is_root(top);
	while (is_top == 0) {
		int above = openat(top, "..", O_PATH | O_CLOEXEC);
		if (above < 0)
			return fail("look above the root");
		close(top);
		top = above;
		is_top = mountfd_is_root(top);
	}
	return is_top < 0 ? -1 : mountfd_propagate(top, MS_PRIVATE);
}

static int
set_propagation(const struct oci_config *config, int dir)
{
	unsigned long wanted = root_propagation(config);
	/* (Without a `dir` in a user namespace, where nothing is shared.) */
	if (wanted & MS_SHARED)
		return dir < 0 ? 0 : make_private(dir);
	/* Unbindable at once, nothing could be bound into the container. */
	unsigned long type = wanted & (MS_PRIVATE | MS_UNBINDABLE) ?
				     MS_PRIVATE :
				     MS_SLAVE;
	if (sys_mount(NULL, "/", NULL, MS_REC | type, NULL) < 0)
		return fail("set the propagation of the mount namespace");
	return 0;
}

static int
bind_root(int dir)
{
	auto_close int mount = mountfd_clone(dir, "", true);
	if (mount < 0 && mountfd_is_missing(failure.code))
		return mountfd_bind(dir, dir, MS_REC);
	if (mount < 0 || mountfd_attach(mount, dir) < 0)
		return -1;
	return take_fd(&mount);
}

/* It need be somewhere only until the pivot: where root of a user namespace
 * cannot walk to the place itself, that is on "/", which covers nothing for
 * who is below it already. */
static int
attach_root(int mount, int dir)
{
	auto_close int top = dir >= 0 ? -1 : open("/", O_PATH | O_CLOEXEC);
	auto_close int root = fcntl(mount, F_DUPFD_CLOEXEC, 3);
	if ((dir < 0 && top < 0) || root < 0)
		return fail("open /");
	if (mountfd_attach(root, dir >= 0 ? dir : top) < 0)
		return -1;
	return take_fd(&root);
}

int
mounts_root(const struct oci_config *config, const char *bundle,
	    const struct mounts_sources *sources)
{
	const char *named = config->root->path;
	auto_free char *path = *named == '/' ? copy_text(named) :
					       text("%s/%s", bundle, named);
	auto_close_later int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && (errno != EACCES || sources->root < 0))
		return fail("root.path: open %s", path);
	if (set_propagation(config, dir) < 0)
		return -1;
	auto_close int root = sources->root >= 0 ?
				      attach_root(sources->root, dir) :
				      bind_root(dir);
	if (root < 0)
		return wrap("root.path: bind %s onto itself", path);
	place_begin(root, "");
	return take_fd(&root);
}
