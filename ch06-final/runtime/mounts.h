/*
 * mounts.h - what of files a config.json asks for: the root, the mounts, and
 * what is covered.
 *
 *	parent, before clone:	mounts_prepare(&sources, config, bundle)
 *	child:			root = mounts_root(config, bundle, &sources)
 *				mounts_make(root, config, &sources, &cgroup)
 *				devices_make(root, config)      (devices.h)
 *				mounts_cover(root, config)
 *				rootfs_pivot(root)		(rootfs.h)
 *				mounts_finish(config)
 *
 * See config.md, "Root" and "Mounts", and config-linux.md, "Default
 * Filesystems", "Rootfs Mount Propagation", "Masked Paths", "Readonly Paths".
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "cgroup.h"
#include "oci_config.h"

/*
 * What only the parent can open: mounts that are nowhere yet, one for each
 * entry of config->mounts that needs it (fd -1: the child makes it itself).
 * Those are the id-mapped ones, whose maps take privilege over the file
 * system; and in a container with a user namespace of its own every bind
 * mount, for its root may have no right to walk to the source.
 */
struct mounts_sources {
	int *fds; /* config->mount_count of them, close-on-exec; or NULL */
	size_t count;
	int root; /* for the same reason the root itself; or -1 */
	char *bundle; /* for sources relative to it: its path; or NULL */
};
#define MOUNTS_NO_SOURCES                                                     \
	{                                                                     \
		.root = -1                                                    \
	}

/*
 * `bundle` is a descriptor of the bundle's directory: the source of a bind
 * mount may be relative to it.  What can be seen to be wrong before there is a
 * child is refused here: a label where there is no SELinux, options that a bind
 * mount cannot have.
 */
int mounts_prepare(struct mounts_sources *sources,
		   const struct oci_config *config, int bundle);
/* Accepts what is half made, and may be called twice. */
void mounts_close(struct mounts_sources *sources);

/*
 * The propagation of the mount namespace (linux.rootfsPropagation; without it
 * nothing spreads out), and the root: bound onto itself, so that it is a mount
 * and can be pivoted to.  `bundle` is the path, for a descriptor would be of
 * the mount namespace that we came from.  Returns a descriptor, O_PATH.
 */
int mounts_root(const struct oci_config *config, const char *bundle,
		const struct mounts_sources *sources);

/*
 * All of config->mounts, in their order.  `cgroup` is the container's, for a
 * mount of type "cgroup"; its count may be 0.
 */
int mounts_make(int root, const struct oci_config *config,
		const struct mounts_sources *sources,
		const struct cgroup *cgroup);

/* linux.maskedPaths and readonlyPaths. */
int mounts_cover(int root, const struct oci_config *config);

/*
 * After the pivot: the root's own propagation, and what is read-only and could
 * not be so before: a tmpfs in which others were to be mounted and devices to
 * be made, and the root itself (root.readonly).
 */
int mounts_finish(const struct oci_config *config);

/* wrap(): which of config->mounts it was. */
int mounts_wrap(const struct oci_config *config, size_t i);

#endif
