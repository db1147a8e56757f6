/* stage.h - where this chapter's experiments play. */
#ifndef STAGE_H
#define STAGE_H

#include "overlay.h"

/*
 * Root, in a user namespace where need be, in a mount namespace of our own and
 * an empty directory in memory.  0, -1, or tour_skip()'s value where this
 * machine forbids it:
 *
 *	int refused = stage_enter();
 *	if (refused)
 *		return refused;
 */
int stage_enter(void);

/* After a mount has failed: -1, or tour_skip()'s value where it is the machine
 * that has no overlay for us. */
int stage_refused(void);

/* Can a directory be made opaque here?  0 or tour_skip()'s value: tmpfs keeps
 * a user's attributes since Linux 6.6. */
int stage_needs_opaque(void);

/* mkdir lower upper work mnt. */
int stage_make_frame(void);

/* These, with what many distributions turn on turned off, and with `options`,
 * "" or ",redirect_dir=on", by one mount(2).  The errno is kept. */
int stage_mount_frame(const char *options);

/* The same four, for overlay_mount(). */
extern const struct overlay stage_frame;

#endif
