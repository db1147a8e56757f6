/*
 * rdt.h - parent: a share of a processor's caches and memory bandwidth:
 * linux.intelRdt.
 *
 * The kernel's resctrl file system has a directory for each class of service
 * (CLOS).  `schemata` in it says what the class gets, `tasks` who is in it, and
 * a directory in `mon_groups` measures some of its tasks by themselves.
 *
 * See config-linux.md, "IntelRdt", and the kernel's arch/x86/resctrl.
 */
#ifndef RDT_H
#define RDT_H

#include "oci_config.h"

/* Where resctrl is mounted, or NULL, with the failure: nowhere.  The caller
 * frees. */
char *rdt_mount_point(void);

/*
 * Put the process into the class closID, or into a new one called by `id`.
 * With limits of its own a class that is there must have just these.
 * `resctrl` is the mount point.  On failure what was made is gone.
 */
int rdt_join(const char *resctrl, const struct oci_intel_rdt *rdt,
	     const char *id, pid_t pid);

/* Other limits, from `limits`, for a class that the process is in by `rdt`, as
 * rdt_join() was told it.  Whoever else is in it has them, too. */
int rdt_change(const char *resctrl, const struct oci_intel_rdt *rdt,
	       const char *id, const struct oci_intel_rdt *limits);

/* Remove what rdt_join() made for `id`: the class without closID, and the group
 * that measures.  What is gone already is no failure. */
int rdt_leave(const char *resctrl, const struct oci_intel_rdt *rdt,
	      const char *id);

/* The same wherever resctrl is; NULL: it was in no class. */
int rdt_forget(const struct oci_intel_rdt *rdt, const char *id);

#endif
