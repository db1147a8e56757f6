/* mount_sources.c - parent.  See mounts.h: what only the parent can open. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bind.h"
#include "idmapped.h"
#include "mountfd.h"
#include "mounts.h"

#define SELINUX_MAGIC 0xf97cff8c

static bool
has_namespace(const struct oci_config *config, const char *kind)
{
	return config->kernel && oci_namespace_find(config->kernel, kind);
}

static int
check_label(const struct oci_config *config)
{
	struct statfs fs;
	if (!config->kernel || !config->kernel->mount_label ||
	    !*config->kernel->mount_label)
		return 0;
	if (statfs("/sys/fs/selinux", &fs) == 0 &&
	    (unsigned int)fs.f_type == SELINUX_MAGIC)
		return 0;
	return failx("linux.mountLabel: \"%.100s\" is a label of SELinux, "
		     "which is not at work on this machine",
		     config->kernel->mount_label);
}

/*
 * What the mounts of the child's namespace have, before they say otherwise.
 * Nothing for "shared", which leaves all as it is here; but in a user namespace
 * of its own nothing is the host's peer (mount_namespaces(7)).
 */
static unsigned long
usual_propagation(const struct oci_config *config)
{
	unsigned long wanted =
		config->kernel ? config->kernel->rootfs_propagation : 0;
	if (wanted & (MS_PRIVATE | MS_UNBINDABLE))
		return MS_PRIVATE | MS_REC;
	return (wanted & MS_SHARED) && !has_namespace(config, "user") ?
		       0 :
		       MS_SLAVE | MS_REC;
}

/* `*fd` stays -1 where an older kernel, or our lack of privilege, leaves it to
 * the child. */
static int
prepare_bind(const struct oci_mount *mount, const struct oci_config *config,
	     int bundle, int *fd)
{
	bool mapped = mount->special & OCI_MOUNT_IDMAP;
	auto_close int users = mapped ? idmapped_users(mount, config) : -1;
	if (mapped && users < 0)
		return -1;
	*fd = bind_open(bundle, mount, usual_propagation(config),
			mapped ? users : 0);
	if (*fd < 0 && mountfd_is_missing(failure.code) && !mapped)
		return 0;
	return *fd < 0 ? -1 : 0;
}

/* Anything that can be said before there is a child, and needs no look at the
 * root. */
static int
check(const struct oci_mount *mount)
{
	bool is_bind = mount->plan.flags & MS_BIND;
	bool is_remount = mount->plan.flags & MS_REMOUNT;
	if (mount->special & OCI_MOUNT_IDMAP && (!is_bind || is_remount))
		return failx("idmap is only for a bind mount");
	return is_bind ? bind_check(mount) : 0;
}

static int
find_bundle(struct mounts_sources *sources, int bundle)
{
	char path[PATH_MAX];
	auto_free char *link = text("/proc/self/fd/%d", bundle);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return fail("find the path of the bundle");
	path[length] = '\0';
	sources->bundle = copy_text(path);
	return 0;
}

static int
prepare_one(struct mounts_sources *sources, size_t i,
	    const struct oci_config *config, int bundle)
{
	const struct oci_mount *mount = &config->mounts[i];
	const struct rootfs_mount *plan = &mount->plan;
	if (check(mount) < 0)
		return -1;
	if (!(plan->flags & MS_BIND) || (plan->flags & MS_REMOUNT))
		return 0;
	if (((mount->special & OCI_MOUNT_IDMAP) ||
	     has_namespace(config, "user") || bind_opened(plan) >= 0) &&
	    prepare_bind(mount, config, bundle, &sources->fds[i]) < 0)
		return -1;
	return *plan->source != '/' && sources->fds[i] < 0 &&
			       !sources->bundle ?
		       find_bundle(sources, bundle) :
		       0;
}

/* As bind_open() does it for a mount: with nothing to say but where it is. */
static int
prepare_root(const struct oci_config *config, int bundle, int *fd)
{
	const struct oci_mount root = {
		.plan = { .source = config->root->path,
			  .flags = MS_BIND | MS_REC },
	};
	if (!has_namespace(config, "user"))
		return 0;
	*fd = bind_open(bundle, &root, usual_propagation(config), 0);
	if (*fd < 0 && !mountfd_is_missing(failure.code))
		return wrap("root.path: open %s", config->root->path);
	return 0;
}

static int
prepare_all(struct mounts_sources *sources, const struct oci_config *config,
	    int bundle)
{
	if (check_label(config) < 0 ||
	    prepare_root(config, bundle, &sources->root) < 0)
		return -1;
	if (config->mount_count == 0)
		return 0;
	sources->count = config->mount_count;
	sources->fds = new_bytes(sources->count * sizeof(*sources->fds));
	memset(sources->fds, -1, sources->count * sizeof(*sources->fds));
	for (size_t i = 0; i < sources->count; i++) {
		if (prepare_one(sources, i, config, bundle) < 0)
			return mounts_wrap(config, i);
	}
	return 0;
}

int
mounts_prepare(struct mounts_sources *sources,
	       const struct oci_config *config, int bundle)
{
	*sources = (struct mounts_sources)MOUNTS_NO_SOURCES;
	int result = prepare_all(sources, config, bundle);
	if (result < 0)
		mounts_close(sources);
	return result;
}

void
mounts_close(struct mounts_sources *sources)
{
	for (size_t i = 0; sources->fds && i < sources->count; i++)
		close_scoped(&sources->fds[i]);
	free(sources->fds);
	free(sources->bundle);
	close_scoped(&sources->root);
	*sources = (struct mounts_sources)MOUNTS_NO_SOURCES;
}
