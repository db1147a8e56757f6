/*
 * mounts.c - child.  See mounts.h.  What the parent does is in mount_sources.c,
 * the root in mount_root.c, masks in mount_cover.c.
 */
#include "mounts.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bind.h"
#include "filesystem.h"
#include "inside.h"
#include "mount_cgroup.h"
#include "mountfd.h"
#include "place.h"
#include "session.h"
#include "sys.h"

/* ---- what becomes read-only in the end ------------------------------- */

static struct {
	int *fds;
	size_t count;
} later;

static void
restrict_later(int *mount)
{
	later.fds = resize_bytes(later.fds,
				 (later.count + 1) * sizeof(*later.fds));
	later.fds[later.count++] = take_fd(mount);
}

static int
restrict_now(void)
{
	int result = 0;
	for (size_t i = 0; i < later.count; i++) {
		if (result == 0)
			result = mountfd_restrict(later.fds[i], MS_RDONLY);
		close(later.fds[i]);
	}
	free(later.fds);
	later.fds = NULL;
	later.count = 0;
	return result;
}

/* ---- one mount ------------------------------------------------------- */

struct making_mount {
	int root;
	const struct oci_mount *mount;
	const struct oci_config *config;
	int source; /* mounted nowhere yet; or -1 */
	const struct cgroup *cgroup;
};

static const char *
label_of(const struct making_mount *m)
{
	const struct oci_linux *kernel = m->config->kernel;
	return kernel ? kernel->mount_label : NULL;
}

/* ---- in a tmpfs made just now ---------------------------------------- */

/* The last mount, if it is one, until something is mounted elsewhere. */
static struct inside fresh = INSIDE_NOTHING;
static const char *last_inside;

/* In a mount namespace of somebody else's we may not be alone with it; and a
 * copy of what the image has there is the image's. */
static void
remember(const struct making_mount *m, int *made)
{
	const struct oci_namespace *mounts =
		oci_namespace_find(m->config->kernel, "mount");
	if (strcmp(m->mount->plan.type, "tmpfs") != 0 || m->mount->special ||
	    !mounts || mounts->path)
		return;
	fresh = (struct inside){ take_fd(made), m->mount->plan.target };
	last_inside = NULL;
}

static void
forget(void)
{
	if (last_inside)
		place_begin(fresh.dir, last_inside);
	last_inside = NULL;
	inside_close(&fresh);
}

/* Is there no more to it than one call of mount(2)? */
static bool
is_simple(const struct making_mount *m)
{
	const struct oci_mount *mount = m->mount;
	const struct rootfs_mount *plan = &mount->plan;
	return !(plan->flags & (MS_BIND | MS_REMOUNT | MS_RDONLY)) &&
	       strcmp(plan->type, "cgroup") != 0 && !mount->special &&
	       !mount->below_set && !mount->below_cleared &&
	       !plan->propagation && !label_of(m);
}

/* False: it takes the longer way. */
static bool
mount_inside(const struct making_mount *m)
{
	const struct rootfs_mount *plan = &m->mount->plan;
	const char *name = inside_name(&fresh, plan->target);
	if (!name || !is_simple(m) || mkdirat(fresh.dir, name, 0755) < 0)
		return false;
	const char *source = plan->source ? plan->source : plan->type;
	if (inside_mount(&fresh, name, source, plan->type, plan->flags,
			 plan->data) == 0) {
		last_inside = name;
		return true;
	}
	unlinkat(fresh.dir, name, AT_REMOVEDIR);
	return false;
}

/* ---- one mount, wherever it is ---------------------------------------- */

static int
cgroups(const struct making_mount *m, bool *late)
{
	const struct oci_linux *kernel = m->config->kernel;
	bool own = kernel && oci_namespace_find(kernel, "cgroup");
	auto_close int made = mount_cgroup(m->root, m->mount, m->cgroup, own,
					   late);
	return made < 0 || bind_below(made, m->mount) < 0 ? -1 :
							    take_fd(&made);
}

static int
filesystem(const struct making_mount *m)
{
	bool late;
	auto_close_later int made =
		strcmp(m->mount->plan.type, "cgroup") == 0 ?
			cgroups(m, &late) :
			filesystem_new(m->root, m->mount, label_of(m), &late);
	if (made < 0)
		return -1;
	if (late)
		restrict_later(&made);
	else
		remember(m, &made);
	return 0;
}

/* A directory or a file, as the source is. */
static int
open_target(const struct making_mount *m, int source, struct place *place)
{
	struct stat st;
	if (fstat(source, &st) < 0)
		return fail("look at the source");
	return place_open(place, m->root, m->mount->plan.target,
			  S_ISDIR(st.st_mode) ? PLACE_DIRECTORY : PLACE_FILE);
}

static int
bind_by_old_calls(const struct making_mount *m)
{
	auto_place struct place place = PLACE_NONE;
	auto_close int source =
		open(m->mount->plan.source, O_PATH | O_CLOEXEC);
	if (source < 0)
		return fail("open %s", m->mount->plan.source);
	if (open_target(m, source, &place) < 0)
		return -1;
	auto_close int made = bind_old(source, place.fd, m->mount);
	return made < 0 ? -1 : place_check(&place, made);
}

static int
bind_mount(const struct making_mount *m)
{
	auto_place struct place place = PLACE_NONE;
	auto_close int own = m->source >= 0 ?
				     -1 :
				     bind_open(AT_FDCWD, m->mount, 0, 0);
	int made = m->source >= 0 ? m->source : own;
	if (made < 0)
		return mountfd_is_missing(failure.code) ?
			       bind_by_old_calls(m) :
			       -1;
	return open_target(m, made, &place) < 0 ? -1 :
						  place_attach(&place, made);
}

/* Other flags for what is there, or with "bind" for that one mount of it. */
static int
remount(const struct making_mount *m)
{
	const struct rootfs_mount *plan = &m->mount->plan;
	auto_place struct place place = PLACE_NONE;
	if (place_open(&place, m->root, plan->target, PLACE_THERE) < 0)
		return -1;
	auto_free char *path = text("/proc/self/fd/%d", place.fd);
	if (sys_mount(plan->source, path, plan->type,
		      plan->flags & ~(unsigned long)MS_REC, plan->data) < 0)
		return fail(errno == EINVAL ? "remount (is it a mount?)" :
					      "remount");
	return bind_below(place.fd, m->mount);
}

static int
make_one(const struct making_mount *m)
{
	unsigned long flags = m->mount->plan.flags;
	if (mount_inside(m))
		return 0;
	forget();
	return flags & MS_REMOUNT ? remount(m) :
	       flags & MS_BIND	  ? bind_mount(m) :
				    filesystem(m);
}

static int
make_mount(int root, size_t i, const struct oci_config *config,
	   const struct mounts_sources *sources, const struct cgroup *cgroup)
{
	struct oci_mount mount = config->mounts[i];
	const char *source = mount.plan.source;
	bool is_relative = (mount.plan.flags & MS_BIND) && *source != '/' &&
			   sources->bundle;
	auto_free char *path =
		is_relative ? text("%s/%s", sources->bundle, source) : NULL;
	if (path)
		mount.plan.source = path;
	return make_one(&(struct making_mount){
		.root = root,
		.mount = &mount,
		.config = config,
		.source = sources->fds ? sources->fds[i] : -1,
		.cgroup = cgroup,
	});
}

int
mounts_wrap(const struct oci_config *config, size_t i)
{
	const struct rootfs_mount *plan = &config->mounts[i].plan;
	return wrap("mounts[%zu]: mount %.60s to %.60s", i,
		    plan->source ? plan->source :
		    plan->type	 ? plan->type :
				   "it",
		    plan->target);
}

int
mounts_make(int root, const struct oci_config *config,
	    const struct mounts_sources *sources, const struct cgroup *cgroup)
{
	for (size_t i = 0; i < config->mount_count; i++) {
		if (make_mount(root, i, config, sources, cgroup) < 0)
			return mounts_wrap(config, i);
	}
	forget();
	return 0;
}

/* ---- the end --------------------------------------------------------- */

/* By name: for a descriptor the older call would take /proc, and the container
 * may have none. */
static int
make_root_readonly(void)
{
	static const struct mountfd_change change = {
		.set = MOUNT_ATTR_RDONLY,
	};
	struct statvfs has;
	if (mountfd_change_at(AT_FDCWD, "/", &change, false) == 0)
		return 0;
	if (!mountfd_is_missing(failure.code))
		return -1;
	if (statvfs("/", &has) < 0)
		return fail("read the flags of /");
	/* ST_NOSUID and its like have the values of the MS_ flags. */
	unsigned long kept =
		has.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME |
			      MS_NODIRATIME);
	if (sys_mount(NULL, "/", NULL,
		      MS_REMOUNT | MS_BIND | MS_RDONLY | kept, NULL) < 0)
		return fail("change the flags of /");
	return 0;
}

int
mounts_finish(const struct oci_config *config)
{
	static const unsigned long made_here = MS_SHARED | MS_UNBINDABLE;
	unsigned long propagation =
		config->kernel ? config->kernel->rootfs_propagation : 0;
	if ((propagation & made_here) &&
	    sys_mount(NULL, "/", NULL, propagation, NULL) < 0)
		return fail("linux.rootfsPropagation: set it for /");
	if (restrict_now() < 0)
		return wrap("make a mount read-only");
	if (!config->root->readonly)
		return 0;
	return make_root_readonly() < 0 ? wrap("root.readonly") : 0;
}
