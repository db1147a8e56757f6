/* cgroups_owner.c - parent: who a container's cgroup belongs to; see
 * cgroups.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cgroups.h"

/* A cgroup namespace of its own, and where it may write into it: otherwise the
 * owner could do nothing with what is his. */
static bool
is_wanted(const struct oci_config *config)
{
	const struct oci_namespace *own =
		oci_namespace_find(config->kernel, "cgroup");
	if (!config->process || !own || own->path)
		return false;
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct rootfs_mount *mount = &config->mounts[i].plan;
		if (mount->type && strncmp(mount->type, "cgroup", 6) == 0 &&
		    strcmp(mount->target, "/sys/fs/cgroup") == 0)
			return !(mount->flags & MS_RDONLY);
	}
	return false;
}

/* The host's id of the container's user.  Of a user namespace that somebody
 * else has made it is not known here. */
static bool
find_owner(const struct oci_config *config, uid_t *owner)
{
	const struct oci_linux *kernel = config->kernel;
	uint32_t uid = config->process->user->uid;
	const struct oci_namespace *users = oci_namespace_find(kernel, "user");
	*owner = uid;
	if (!users)
		return true;
	for (size_t i = 0; !users->path && i < kernel->uid_mapping_count; i++) {
		const struct oci_id_mapping *map = &kernel->uid_mappings[i];
		if (uid >= map->container_id &&
		    uid - map->container_id < map->size) {
			*owner = map->host_id + (uid - map->container_id);
			return true;
		}
	}
	return false;
}

/* Without privilege the cgroup stays whose it is. */
static int
give(int dir, const char *name, uid_t owner)
{
	return fchownat(dir, name, owner, -1, *name ? 0 : AT_EMPTY_PATH) == 0 ||
			       errno == ENOENT || errno == EPERM ?
		       0 :
		       fail("give the cgroup's %s to the user %u",
			    *name ? name : "directory", owner);
}

int
cgroups_give(const struct cgroup *cgroup, const struct oci_config *config)
{
	uid_t owner;
	/* On v1 it would not be safe, and so nor on a hybrid host. */
	if (cgroup->count != 1 || cgroup->dirs[0].in.version != 2 ||
	    !is_wanted(config) || !find_owner(config, &owner))
		return 0;
	auto_free char *path =
		text("%s/sys/kernel/cgroup/delegate", hierarchy_root);
	auto_free char *names = read_all(AT_FDCWD, path, NULL);
	if (!names)
		names = copy_text("cgroup.procs\ncgroup.subtree_control\n"
				  "cgroup.threads");
	int dir = cgroup->dirs[0].fd;
	char *rest = names;
	for (char *name; (name = strsep(&rest, "\n"));)
		if (*name && give(dir, name, owner) < 0)
			return -1;
	return give(dir, "", owner);
}
