/*
 * bind.h - parent and child: a bind mount as a config.json describes it, made
 * but not yet attached.
 *
 * What its options say of the mount (config.md, "Linux mount options") is true
 * before anybody can see it.  "ro" is of the mount alone, "rro" of all that is
 * below it, too.
 */
#ifndef BIND_H
#define BIND_H

#include "oci_mounts.h"

/*
 * The tree at mount->plan.source, looked up from `dir` when it is relative.
 * `propagation`, unless it is 0, is what it gets before what it says itself, so
 * that "shared" is not with the host.  `users` is a user namespace for its ids,
 * or 0.
 * Takes Linux 5.12; without, failure.code says so (mountfd_is_missing()).
 */
int bind_open(int dir, const struct oci_mount *mount,
	      unsigned long propagation, int users);

/* The number in a source that is /proc/PID/fd/NUMBER of this process, or -1.
 * It leads to a mount of our namespace, which the child could not clone in its
 * own, or to one that is nowhere yet. */
int bind_opened(const struct rootfs_mount *plan);

/* The options that are for this mount and all below it ("rro"), and its
 * propagation. */
int bind_below(int made, const struct oci_mount *mount);

/* For kernels that have no bind_open(): what can be done by mount(2).  `source`
 * and `target` are open; returns the mount, attached. */
int bind_old(int source, int target, const struct oci_mount *mount);

/* What cannot be an option of a bind mount is refused. */
int bind_check(const struct oci_mount *mount);

#endif
