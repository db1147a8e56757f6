/*
 * overlay.h - several directories shown as one: the kernel's overlay.
 *
 *	const char *layers[] = { "layer2", "layer1" };	 top first
 *	struct overlay stack = {
 *		.layers = layers, .layer_count = countof(layers),
 *		.upper = "diff", .work = "work",
 *	};
 *	if (overlay_mount(&stack, "merged", 0) < 0)
 *		return -1;
 *
 * The layers are never written.  Whatever is changed through the mount is
 * copied to `upper` first, and what is deleted is remembered there by a
 * whiteout.  See the kernel's Documentation/filesystems/overlayfs.rst.
 */
#ifndef OVERLAY_H
#define OVERLAY_H

#include "base.h"

struct overlay {
	const char *const *layers; /* directories, the topmost first */
	size_t layer_count;
	const char *upper, *work; /* both NULL: read-only */
	bool userxattr; /* see overlay_needs_userxattr(); true forces it */
};

/*
 * Mount on `target`, an existing directory, with the MS_* flags of a mount
 * (MS_NODEV, MS_RDONLY, ...).
 *
 * Any path will do, however long and with whatever signs in it; up to 500
 * layers, which is the kernel's own limit.  Where fsconfig(2) does not know
 * "lowerdir+" (before Linux 6.8) mount(2) is used, whose options must fit in
 * one page and are cut off *silently* when they do not: a long list is then
 * given as the numbers of open descriptors, and for that instant the working
 * directory of this process is /proc/self/fd.  Only a caller with other
 * threads needs to care.
 *
 * A single layer without an upper: overlay wants at least two, and the mount
 * point itself, which must then be empty, serves as the second.  (A read-only
 * bind mount would do for the files, but it would show whiteouts as devices,
 * and overlay_unmount() could not tell it from a mount that is not ours.)
 *
 * `work` must be on the file system of `upper`, and neither inside the other.
 * An overlay that the kernel could only mount read-only although it has an
 * upper is a failure, not a surprise for later.
 */
int overlay_mount(const struct overlay *overlay, const char *target,
		  unsigned long flags);

/*
 * The same, mounted nowhere yet: `target`, an existing directory, is where it
 * will be (move_mount(2)), and an upper is needed.  Returns a descriptor; the
 * mount goes with it.  A failure has the code ENOSYS before Linux 6.8.
 */
int overlay_open(const struct overlay *overlay, const char *target,
		 unsigned long flags);

/*
 * Unmount every overlay on `target`, and nothing else.  It is never done
 * lazily: when this returns 0, nothing is mounted on the directory, so that
 * removing it cannot reach anybody's data.  What is still in use or has a
 * volume mounted below fails, with its name.  A target that is not there or
 * not a mount point is fine; one with something else on top is refused.
 */
int overlay_unmount(const char *target);

/*
 * Are we in a user namespace?  Then trusted.* attributes are out of reach and
 * the overlay has to keep its own as user.* (mount option "userxattr", Linux
 * 5.11).  overlay_mount() sees to it by itself.  Without it the mount would
 * succeed and deleting a file too, but removing a directory that has a lower
 * half would fail with EIO.
 */
bool overlay_needs_userxattr(void);

/*
 * A whiteout, a character device with the number 0/0, says that `name` does
 * not exist, whatever the layers below hold.  (marks.h has the other half, how
 * a directory hides what is below it.)
 *
 * `name` is a single component.  overlay_make_whiteout() does not replace what
 * is there (EEXIST).  The question answers 1, 0, or -1 when it cannot be
 * asked; a name that does not exist is a failure with the code ENOENT.
 */
int overlay_make_whiteout(int dir, const char *name);
int overlay_is_whiteout(int dir, const char *name);

/*
 * The layers of a mounted overlay, read back from the mount table: the mount
 * with this id (the first field of mountinfo) as process `pid` sees it, 0 for
 * ourselves.  The kernel repeats each name as it was given, so one may be
 * relative to a directory that nobody remembers.  overlay_free_layers() frees.
 */
struct overlay_layers {
	char **names; /* the lower ones, topmost first */
	size_t count;
	char *upper, *work; /* NULL for a read-only mount */
};
int overlay_read_layers(pid_t pid, int mount_id,
			struct overlay_layers *layers);
void overlay_free_layers(struct overlay_layers *layers);
#define auto_layers __attribute__((cleanup(overlay_free_layers), unused))

#endif
