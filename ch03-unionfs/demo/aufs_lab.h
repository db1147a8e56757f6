/*
 * aufs_lab.h - where "mount -t aufs" works, whatever the kernel.
 *
 * A stage calls aufs_lab_enter() before anything else.  Afterwards it is root
 * (in a user namespace, where it was not), process 1 of a pid namespace, in a
 * mount namespace of its own and in an empty scratch directory; and
 *
 *	mount -t aufs -o dirs=./home:./company none ./mnt
 *
 * works there, with remount, umount and "ls /sys/fs/aufs".  Where the kernel
 * has no aufs it is this chapter's own: mount(8) runs /sbin/mount.TYPE for a
 * type that it does not know, so that name leads to the program `aufs`.
 *
 * That program stays, as a daemon, for as long as its mount; and the mount
 * would stay for as long as the daemon keeps the mount namespace alive.  The
 * pid namespace is the way out: its process 1 goes with the stage, and takes
 * everybody along.
 */
#ifndef AUFS_LAB_H
#define AUFS_LAB_H

#include "base.h"

/* 0; -1; or what tour_skip() returned, where this machine cannot do it. */
int aufs_lab_enter(void);

/* Is it the kernel's?  Otherwise a daemon's, that can be killed. */
bool aufs_lab_is_the_kernels(void);

/* "$ mount -t aufs -o OPTIONS none ./mnt", as the reader would type it, and
 * "umount ./mnt".  After the latter no daemon is left. */
int aufs_lab_mount(const char *options);
int aufs_lab_unmount(void);
/* "$ mount -o remount,OPTIONS ./mnt": returns the exit status of mount(8). */
int aufs_lab_remount(const char *options);

/* What a file of the one mount's directory in /sys/fs/aufs says, such as
 * "br0"; NULL where there is none.  The caller frees. */
char *aufs_lab_listing(const char *name);
/* All branches, "0 rw A", with a tour_show() each. */
void aufs_lab_show_branches(void);

/* SIGKILL for the daemon; returns when it is dead. */
int aufs_lab_kill_daemon(void);

#endif
