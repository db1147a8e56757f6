/*
 * aufs_show.h - what the kernel's aufs shows in /sys/fs/aufs, shown here in
 *
 *	/run/mydocker-aufs/si_ID/	br0, brid0, ... xi_path
 *
 * or in the directory $MYDOCKER_AUFS_SHOW; who is not root has only that.  It
 * goes with its daemon; that of one that was killed goes when the next is
 * mounted.
 */
#ifndef AUFS_SHOW_H
#define AUFS_SHOW_H

#include "aufs_state.h"

/* Write it, or write it anew; what cannot be written is left out. */
void show_write(struct aufs *aufs);
void show_remove(struct aufs *aufs);

#endif
