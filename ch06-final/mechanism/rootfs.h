/*
 * rootfs.h - the root file system of a container: what is mounted in it, and
 * how a process moves into it for good.
 *
 * Everything here runs in the container's first process, in its own mount
 * namespace (ns.h: ns_own_mounts) and before the pivot, on a descriptor of the
 * directory that is to become "/":
 *
 *	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
 *	if (rootfs_mount_all(root, rootfs_plan_default) < 0 ||
 *	    rootfs_dev(root) < 0 ||
 *	    rootfs_mount(root, &volume) < 0 ||
 *	    rootfs_mask(root, rootfs_masked_paths) < 0 ||
 *	    rootfs_readonly_paths(root, rootfs_readonly_default) < 0 ||
 *	    rootfs_pivot(root) < 0)
 *		return -1;
 *
 * Targets are looked up inside the root (safepath.h), mounts are made on the
 * descriptors that come of it (mountfd.h), and afterwards the path is looked
 * up once more: if it does not lead to the very mount that was made, somebody
 * is swapping links under our hands and the call fails.
 */
#ifndef ROOTFS_H
#define ROOTFS_H

#include <sys/mount.h>

#include "base.h"

/* ---- a namespace for it -------------------------------------------------- */

/*
 * A mount namespace of our own in which the root at `path` can be built and
 * entered, and nothing of that reaches the host.  `widest` is the widest
 * propagation that any bind mount of the plan asks for:
 *
 *	MS_PRIVATE	nothing comes in and nothing goes out (ns_own_mounts)
 *	MS_SLAVE	what the host mounts later comes in, where it is asked
 *			for by the mount's own propagation
 *	MS_SHARED	and what is mounted in such a bind goes out: all mounts
 *			stay as the host has them, but the one that `path` is
 *			on, which pivot_root wants private
 */
int rootfs_own_mounts(const char *path, unsigned long widest);

/* ---- a mount plan ------------------------------------------------------- */

struct rootfs_mount {
	const char *type;   /* of a file system; ignored with MS_BIND, but for
			     * "proc": then the source must be one (procfs.h) */
	const char *source; /* of a bind: a path outside, followed as it is;
			     * otherwise any word, NULL for the type */
	const char *target; /* inside the root; made when it is missing */
	/* MS_BIND for a directory or file of the host, with MS_REC for what
	 * is mounted below it, too; MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC,
	 * MS_NOATIME and so on hold for binds as well. */
	unsigned long flags;
	const char *data; /* options of the file system; NULL: none */
	/* MS_PRIVATE, MS_SLAVE or MS_SHARED, each | MS_REC; 0: as it comes,
	 * which is what the namespace made of the source (rootfs_own_mounts).
	 */
	unsigned long propagation;
	/* With MS_BIND, a user namespace (a descriptor of /proc/PID/ns/user)
	 * whose map the files' owners are shown by; 0: as they are. */
	int users;
	/* Tried when this one is refused with EPERM, as /proc and /sys are in
	 * a user namespace without a pid or network namespace; or NULL.  A
	 * proc of other processes than ours is never taken instead. */
	const struct rootfs_mount *instead;
};

/*
 * Make one mount.  Missing directories on the way to the target are made with
 * mode 0755, the target itself as a directory or, for a bind of anything else,
 * as an empty file; they stay when the mount fails.
 *
 * proc and sysfs are mounted on a real directory only: where the image has a
 * link instead, the masks that are laid over them would land elsewhere
 * (CVE-2019-19921).
 */
int rootfs_mount(int root, const struct rootfs_mount *mount);

/* A whole plan, up to a mount whose target is NULL, in its order. */
int rootfs_mount_all(int root, const struct rootfs_mount *plan);

/* What has been opened already, and not by name: the console's terminal. */
int rootfs_bind(int source, int root, const char *target,
		unsigned long flags);

/* /proc (nosuid, nodev, noexec) and /sys (these, and read-only).  The cgroup
 * tree below /sys is the caller's affair: only it knows the cgroup. */
extern const struct rootfs_mount rootfs_plan_default[];

/*
 * A /dev of the container's own: a tmpfs with null, zero, full, random,
 * urandom and tty (made by mknod(2), or where that is not allowed bound from
 * the host), pts with a devpts instance of its own, ptmx, shm, mqueue, and the
 * links fd, stdin, stdout, stderr and core.  An image whose /dev is a link is
 * refused.
 */
int rootfs_dev(int root);

/* The devices, null first, and the links in it, ptmx last: those of
 * config-linux.md, "Default Devices", and of runtime-linux.md.  The last row of
 * each has no name. */
extern const struct rootfs_device {
	const char *name;
	unsigned int major, minor;
} rootfs_devices[];
extern const struct rootfs_link {
	const char *name, *target;
} rootfs_links[];

/*
 * The terminal of the container's first process becomes its /dev/console.  By
 * descriptor, for its name is one of the host's, and checked: a terminal of a
 * devpts, and nothing that was put in its place (CVE-2025-52565).  After
 * rootfs_dev().
 */
int rootfs_console(int root, int terminal);

/* ---- what must not be seen or written ----------------------------------- */

/*
 * Cover these paths: a directory by an empty read-only tmpfs, anything else by
 * the container's /dev/null, which must exist and is checked to be the real
 * one, character device 1:3 (CVE-2025-31133).  What is not there needs no
 * cover.  The list ends with NULL.  After rootfs_dev().
 */
int rootfs_mask(int root, const char *const *paths);

/* Make these paths read-only, with all that is mounted below. */
int rootfs_readonly_paths(int root, const char *const *paths);

/* The root itself read-only; what is mounted below it stays as it is: the
 * islands that may be written.  After everything that makes a mount point. */
int rootfs_readonly(int root);

/* Docker's defaults for both, which are the OCI documents' examples. */
extern const char *const rootfs_masked_paths[];
extern const char *const rootfs_readonly_default[];

/* ---- the move ------------------------------------------------------------ */

/*
 * Make `root` the root directory of this process and of its whole mount
 * namespace, and let go of the old one: afterwards no path leads there.  The
 * working directory is the new root.  `root` must be a mount point (bind it
 * onto itself, or mount something on it), and neither it nor the mount it is
 * on may be shared; a failure says which of these it was (pivot_root(2)).
 *
 * What the namespace still had mounted of the host goes away lazily, and not
 * for the host: the old tree is made a slave first.  When this fails, nothing
 * of the container may be run.
 */
int rootfs_pivot(int root);

/*
 * The same where pivot_root cannot: "/" is the kernel's first root file system
 * (an initramfs), which can never be put elsewhere.  So `root` is moved on top
 * of it (MS_MOVE), and entered by chroot.  What else was mounted is unmounted
 * before.  The first file system itself stays below, where no path leads; yet
 * a process with CAP_SYS_ADMIN can take the new root off again, so whoever uses
 * this must drop that capability.  `root` as for rootfs_pivot().
 */
int rootfs_move(int root);

#endif
