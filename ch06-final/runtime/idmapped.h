/*
 * idmapped.h - parent: a user namespace for the ids of a mount.
 *
 * What an id-mapped mount wants is the map of a user namespace, and the only
 * way to say a map to the kernel is to make a namespace that has it.  No
 * process need stay in it.
 *
 * See config.md, "idmap" and "ridmap", and mount_setattr(2), "ID-mapped
 * mounts".
 */
#ifndef IDMAPPED_H
#define IDMAPPED_H

#include "oci_config.h"

/*
 * The user namespace that says whose the files of `mount` are: by its own
 * maps, or else by those of the container.  A descriptor, close-on-exec.
 */
int idmapped_users(const struct oci_mount *mount,
		   const struct oci_config *config);

#endif
