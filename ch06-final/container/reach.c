/* reach.c - parent.  See reach.h. */
#include "reach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core.h"
#include "runtime.h"
#include "safepath.h"
#include "sys.h"
#include "union.h"

/* What is open is its root if the process lives after that. */
static int
open_living(const struct container *c)
{
	auto_state struct state state = { 0 };
	auto_free char *place = core_root(c->root);
	enum oci_status status;
	if (runtime_look(place, c->record.id, &state, NULL, &status) < 0)
		return -1;
	auto_close int pidfd = state_pidfd(&state);
	auto_free char *path = text("/proc/%d/root", state.pid);
	if (pidfd < 0)
		return -1;
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || sys_pidfd_send_signal(pidfd, 0) < 0)
		return fail("open the root of container %s", c->record.id);
	return take_fd(&root);
}

static int
put_together(struct reach *reach, struct container *c)
{
	int ours = container_claim(c);
	if (ours < 0)
		return -1;
	if (ours == 0)
		return failx("Container %s is %s, wait until the container is "
			     "running", c->record.id,
			     c->record.status == STATUS_RESTARTING ?
				     "restarting" : "being started");
	if (settings_load(c->dir, &reach->settings) < 0)
		return -1;
	c->settings = &reach->settings;
	reach->read_only = reach->settings.read_only;
	if (union_up(c) < 0) {
		struct failure why = failure;
		union_down(c);
		failure = why;
		return -1;
	}
	reach->container = c;
	return take_fd(&c->union_mount);
}

int
reach_open(struct reach *reach, struct container *c)
{
	*reach = (struct reach){ .settings = SETTINGS_DEFAULT };
	reach->root = c->record.status == STATUS_RUNNING ? open_living(c) : -1;
	if (reach->root < 0)
		reach->root = put_together(reach, c);
	if (reach->root >= 0)
		return 0;
	struct failure why = failure;
	reach_close(reach);
	failure = why;
	return -1;
}

void
reach_close(struct reach *reach)
{
	struct container *c = reach->container;
	close_scoped(&reach->root);
	if (c) {
		union_down(c);
		close_scoped(&c->lock);
		c->settings = NULL;
	}
	settings_free(&reach->settings);
	reach->container = NULL;
}

/* ---- volumes that are not mounted ---------------------------------------- */

/* How much of `path` leads to it, or 0. */
static size_t
covers(const struct volume *volume, const char *path)
{
	size_t length = strlen(volume->target);
	bool is_in = strncmp(path, volume->target, length) == 0 &&
		     (path[length] == '/' || path[length] == '\0');
	return is_in && volume->source ? length : 0;
}

static int
open_volume(const struct reach *reach, const struct volume *volume)
{
	if (strcmp(volume->type, "image") == 0)
		return failx("%s is of image %s, which is there only while the "
			     "container runs", volume->target, volume->source);
	bool is_bind = strcmp(volume->type, "bind") == 0;
	auto_free char *path =
		is_bind ? copy_text(volume->source) :
			  text("%s/volumes/%s/_data", reach->container->root,
			       volume->source);
	auto_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s, which is mounted at %s", path,
			    volume->target);
	return volume->subpath ? safepath_open(fd, volume->subpath, O_PATH) :
				 take_fd(&fd);
}

int
reach_place(const struct reach *reach, const char *path, char **rest,
	    bool *read_only)
{
	const struct settings *settings = &reach->settings;
	const struct volume *found = NULL;
	size_t longest = 0;
	for (size_t i = 0; reach->container && i < settings->volume_count;
	     i++) {
		size_t length = covers(&settings->volumes[i], path);
		if (length > longest) {
			longest = length;
			found = &settings->volumes[i];
		}
	}
	*rest = text("/%s", path + longest + (path[longest] == '/'));
	*read_only = found ? found->flags & MS_RDONLY : reach->read_only;
	if (found)
		return open_volume(reach, found);
	int root = fcntl(reach->root, F_DUPFD_CLOEXEC, 0);
	return root < 0 ? fail("duplicate a descriptor") : root;
}
