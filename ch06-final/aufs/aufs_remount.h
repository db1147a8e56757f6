/*
 * aufs_remount.h - branches that come, go and change while it is mounted.
 *
 * aufs(5) has "mount -o remount,append:DIR mnt" for that.  FUSE has no way to
 * pass the words of a remount on, so they come as an ioctl(2) on the mount's
 * top directory; the mount helper makes it (tools/aufs.c):
 *
 *	struct aufs_command command = { .text = "append=/layer" };
 *	ioctl(top, AUFS_REMOUNT, &command)	-1: command.text says why
 *
 * When it is done, command.text is where the listing is (aufs_show.h).
 * What is in use of a branch keeps it: EBUSY.
 */
#ifndef AUFS_REMOUNT_H
#define AUFS_REMOUNT_H

#include <sys/ioctl.h>

#include "aufs_state.h"

struct aufs_command {
	char text[4096];
};
#define AUFS_REMOUNT _IOWR('A', 1, struct aufs_command)

/* The options of a mount, from left to right: "dirs=", "udba=", ... */
int aufs_set_options(struct aufs *aufs, const char *options);

/* One branch more, at the bottom: "PATH=ro+wh", whatever is in the path. */
int aufs_append(struct aufs *aufs, const char *spec);

/* With `tree` held alone: the root's layers are the branches themselves. */
int remount_make_root(struct aufs *aufs);

ssize_t remount_op_ioctl(struct fuse_request *request);

#endif
