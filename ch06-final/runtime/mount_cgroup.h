/*
 * mount_cgroup.h - child: a mount of type "cgroup": the container's control
 * groups, in whatever way this host has them.
 *
 * Version 2 is one file system.  Version 1 is a tmpfs with a directory for each
 * hierarchy, and a link for each controller that shares one ("cpu" to
 * "cpu,cpuacct"); a hybrid host has that, and "unified" beside it.
 *
 * In a cgroup namespace of its own the container's cgroup is the top of each.
 * Without one the file systems would show all of the host's, so that of each
 * only the container's own directory is shown, by a bind mount.
 *
 * See cgroups(7) and cgroup_namespaces(7).
 */
#ifndef MOUNT_CGROUP_H
#define MOUNT_CGROUP_H

#include "cgroup.h"
#include "oci_mounts.h"

/*
 * `flags` are those of mount->plan but for MS_RDONLY where that must wait (see
 * `*late`).  `cgroup` may have no directory: then it is the one we are in.
 * Returns the mount; with `*late` it is a tmpfs that is to be made read-only
 * when nothing more is mounted in it.
 */
int mount_cgroup(int root, const struct oci_mount *mount,
		 const struct cgroup *cgroup, bool own_namespace,
		 bool *late);

#endif
