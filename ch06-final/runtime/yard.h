/*
 * yard.h - child: a mount namespace for criu, in which it finds what it would
 * otherwise mount itself.
 *
 * Every hierarchy of cgroups is bound below YARD, by the name criu looks for.
 * criu would mount them again, and whoever mounts cgroup2 sets its options
 * anew for the whole host: nsdelegate would be gone (mount(8) shows it).  And
 * the container's root is at ROOT, since criu wants one that is a mount.
 *
 * All of this covers `place`, the directory of the container's state, in this
 * namespace alone, and goes with it.
 */
#ifndef YARD_H
#define YARD_H

#include "base.h"

#define YARD "yard"
#define YARD_ROOT "root"

/* `rootfs`: NULL when there is no need for it. */
int yard_make(const char *place, const char *rootfs);

#endif
