/*
 * filesystem.h - child: a mount of a config.json that is a new file system, of
 * whatever type but "cgroup".
 *
 * A user namespace may not have all of them.  Then it gets what other runtimes
 * give it: the host's /sys or /dev/mqueue, /proc if that shows the same
 * processes, terminals without a group.
 */
#ifndef FILESYSTEM_H
#define FILESYSTEM_H

#include "oci_mounts.h"

/*
 * `label` is that of SELinux for its files, or NULL.  Returns the mount; with
 * `*late` it is a tmpfs that is to be made read-only when nothing more is
 * mounted or made in it.
 */
int filesystem_new(int root, const struct oci_mount *mount, const char *label,
		   bool *late);

#endif
