/*
 * mountfd.h - mounts made on a descriptor instead of on a path.
 *
 * A path can be made to lead elsewhere between the moment it is checked and
 * the moment something is mounted on it; a descriptor cannot.  So the target
 * is opened once, with the care it needs (ch04's safepath.h), and everything
 * after that goes by the descriptor:
 *
 *	auto_close int mount = mountfd_new("tmpfs", "tmpfs", MS_NOSUID,
 *					   "mode=755", target);
 *	if (mount < 0)
 *		return wrap("give the container a /dev");
 *
 * The mount API of 2019 is used where the kernel has it (open_tree(2),
 * fsopen(2), fsmount(2), move_mount(2): Linux 5.2; mount_setattr(2): 5.12).
 * It needs no /proc, gets flags on a mount before anybody can see it, and has
 * the kernel say in words what it did not like.  Where it is missing (ENOSYS)
 * the same is done by mount(2) on /proc/self/fd/N, and checked afterwards in
 * the mount table.  For that /proc must be the one of our own pid namespace
 * or of one above it: a container's first process still has the host's, until
 * it pivots, and there /proc/self is found.
 *
 * Flags are those of mount(2): MS_RDONLY, MS_NOSUID, MS_REC and so on.
 * Descriptors are O_PATH or better, and the caller's.
 */
#ifndef MOUNTFD_H
#define MOUNTFD_H

#include "base.h"

/*
 * Show the tree of `source` at `target` also: both directories, or neither.
 * MS_REC takes along what is mounted below the source; MS_RDONLY, MS_NOSUID,
 * MS_NODEV, MS_NOEXEC and the atime flags then hold for that as well.  The
 * mount is never there without them, except on kernels before 5.12, where a
 * bind mount is first made and then made read-only.  `source` must have been
 * opened in this mount namespace.
 * Returns a descriptor of the mount, close-on-exec, or -1.
 */
int mountfd_bind(int source, int target, unsigned long flags);

/*
 * The same, and the ids of its files are shown as the user namespace `users`
 * (a descriptor of /proc/PID/ns/user) maps them: 0 on the disk is root there.
 * It takes CAP_SYS_ADMIN over the file system, one that can do it, and Linux
 * 5.12: no older call does the same (mount_setattr(2), MOUNT_ATTR_IDMAP).
 */
int mountfd_bind_mapped(int source, int target, unsigned long flags,
			int users);

/*
 * A new file system of `type` on the directory `target`.  `source` is what
 * the mount table shows for it (NULL: the type), `data` its options with
 * commas between, or NULL.  MS_RDONLY makes the mount read-only, not the file
 * system: another mount of it may still be writable.
 * Returns a descriptor of the mount, close-on-exec, or -1.
 */
int mountfd_new(const char *type, const char *source, unsigned long flags,
		const char *data, int target);

/*
 * The steps of a bind mount, one by one: for who has more to say of it than
 * flags, or who makes it in one process and has another attach it.  They take
 * the calls of 2019 (see mountfd_is_missing()).
 *
 * mountfd_clone: the tree at `path` (openat(2); "": `dir` itself), which is
 * mounted nowhere then and ends with its descriptor.
 * mountfd_change: what mount_setattr(2) can do, of one or of all below, too.
 * mountfd_change_at: of the one that `path` leads to, where it is known to.
 * mountfd_attach: put it on `target`, be it in another mount namespace.
 */
struct mountfd_change {
	uint64_t set, clear;	   /* MOUNT_ATTR_* */
	unsigned long propagation; /* MS_PRIVATE and so on, or 0 */
	int users; /* for MOUNT_ATTR_IDMAP: a user namespace */
};
int mountfd_clone(int dir, const char *path, bool recursive);
int mountfd_change(int mount, const struct mountfd_change *change,
		   bool recursive);
int mountfd_change_at(int dir, const char *path,
		      const struct mountfd_change *change, bool recursive);
int mountfd_attach(int mount, int target);

/*
 * The mount that was just made on what `target` shows, which is still what is
 * below: from the mount table.
 */
int mountfd_on(int target);

/*
 * MS_PRIVATE, MS_SLAVE, MS_SHARED or MS_UNBINDABLE, with MS_REC for all that
 * is below, too (mount_namespaces(7)).
 */
int mountfd_propagate(int mount, unsigned long propagation);

/* MS_RDONLY, MS_NOSUID and so on, for a mount that is there already; with
 * MS_REC for all that is below, too.  What it has of these it keeps. */
int mountfd_restrict(int mount, unsigned long flags);

/* Take the mount away again, and what was mounted below it.  For a mount that
 * was just made and must not stay; a descriptor of it does not keep it. */
int mountfd_undo(int mount);

/*
 * Which mount the object behind `fd` is on: the first field of its line in
 * mountinfo.  mountfd_is_root() also asks whether it is the top of that mount
 * (of a directory; a file gives -1 on kernels before 5.8).
 */
int mountfd_id(int fd, uint64_t *id);
int mountfd_is_root(int dir);

/* The MS_* flags as fsmount(2) and mount_setattr(2) want them. */
unsigned int mountfd_attributes(unsigned long flags);

/*
 * What the kernel had to say about the file system context `fs` (fsopen(2)),
 * " (the kernel says: ...)", or "" when it kept silent.  The caller frees it.
 * errno is left alone.
 */
char *mountfd_log(int fs);

/* Is this errno that of a system call which is not there?  ENOSYS, and the
 * EPERM with which older seccomp filters hide what they do not know. */
bool mountfd_is_missing(int code);

#endif
