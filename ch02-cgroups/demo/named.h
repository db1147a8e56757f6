/*
 * named.h - a hierarchy of v1 that has no controller, only a name: this run's
 * own.  Nothing is limited in it, and no hierarchy of the host is touched.
 *
 * A hierarchy with cgroups in it outlives its last mount, and so the mount
 * namespace in which it was made: named_remove_all() must be the tidy() of
 * whoever makes one.
 */
#ifndef NAMED_H
#define NAMED_H

#include "base.h"

/*
 * Make it, in a mount namespace of our own, on the directory `target` of the
 * scratch directory.  named_is_refused(): it failed, since that takes the root
 * of the first user and cgroup namespaces, and a kernel that has v1.
 */
int named_create(const char *target);
bool named_is_refused(void);
#define NAMED_NEEDS "the root of the first user and cgroup namespaces, and v1"

/* Mount it once more. */
int named_mount(const char *target);

/* "name=mydocker-demo-RUN", as /proc/PID/cgroup has it. */
const char *named_controllers(void);

/* Does the kernel have it still? */
bool named_exists(void);

/* For tidy(): remove that of this run and those of dead runs. */
void named_remove_all(void);

#endif
