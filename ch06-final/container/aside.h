/*
 * aside.h - an overlay that is mounted nowhere, also where the kernel mounts it
 * only somewhere: in a mount namespace that ends at once, out of which a copy
 * of the mount is sent.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include "overlay.h"

/* The mount's descriptor, or of `subpath` in it alone (NULL: all; links in it
 * lead nowhere outside).  `target` is a directory to mount on; `flags` as of
 * overlay_mount(). */
int aside_open(const struct overlay *overlay, const char *target,
	       const char *subpath, unsigned long flags);

#endif
