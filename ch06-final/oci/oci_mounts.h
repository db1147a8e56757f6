/*
 * oci_mounts.h - parent: what is to be mounted where, and how: the "mounts" of
 * a config.json.
 *
 * An option is a word: for mount(2), for the propagation, for mount_setattr(2)
 * on a mount and all that is below it, or for the runtime itself.  One table
 * says which.  Words that are not in it belong to the file system.
 *
 * See config.md, "Mounts" and "Linux mount options".
 */
#ifndef OCI_MOUNTS_H
#define OCI_MOUNTS_H

#include "oci_field.h"
#include "rootfs.h"

/* `size` ids of a user namespace, from `container_id` on, are those of the
 * host from `host_id` on: user_namespaces(7). */
struct oci_id_mapping {
	uint32_t container_id, host_id, size;
};
extern const struct oci_shape oci_id_mapping_shape;

/* `at`, which has uidMappings and gidMappings, must have both or none. */
int oci_id_mappings_check(const struct oci_node *at, size_t uids, size_t gids);

/* What the runtime itself does. */
enum {
	OCI_MOUNT_COPY_UP = 1, /* of a tmpfs: with what was there before */
	OCI_MOUNT_IDMAP = 2,
	OCI_MOUNT_IDMAP_BELOW = 4, /* and all that is below it */
};

struct oci_mount {
	/* Ready for rootfs_mount(), but that the source of a bind may be
	 * relative: to the bundle. */
	struct rootfs_mount plan;
	/* Flags taken away by name ("exec"): a bind mount has its source's. */
	unsigned long cleared;
	/* MOUNT_ATTR_* for this mount and all below it ("rro"). */
	uint64_t below_set, below_cleared;
	unsigned int special;
	/* With OCI_MOUNT_IDMAP: by these, or by the container's user namespace
	 * when there are none. */
	struct oci_id_mapping *uid_mappings, *gid_mappings;
	size_t uid_mapping_count, gid_mapping_count;
};

extern const struct oci_shape oci_mount_shape;

/* The names of all options, for `features`.  NULL after the last. */
const char *oci_mount_option_name(size_t index);

#endif
