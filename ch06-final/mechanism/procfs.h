/*
 * procfs.h - files of /proc that are known to be the kernel's.
 *
 * What is written to /proc/PID/attr/exec or /proc/sys sets up a container's
 * security; what is written elsewhere because /proc was not what it looked
 * like does not, and nobody notices.  An image with a link in the place of
 * /proc (CVE-2019-16884, CVE-2019-19921) or a mount over one of its files
 * (CVE-2025-52881) did that to other runtimes: the label went to a file of
 * the attacker's, or the write to /proc/sysrq-trigger instead.
 *
 *	auto_close int proc = procfs_open();
 *	if (proc < 0 || procfs_write(proc, "self/oom_score_adj", "500") < 0)
 *		return -1;
 *
 * Open it once, before anything that others have written is looked at, and go
 * by the descriptor.
 */
#ifndef PROCFS_H
#define PROCFS_H

#include "base.h"

/*
 * A descriptor (O_PATH) of procfs: one of our own that is mounted nowhere, so
 * that nobody can mount over its files, or, without the privilege for that,
 * /proc, if that is the top of a procfs.  To be used in the pid namespace
 * that it was opened in.
 */
int procfs_open(void);

/* Is this the top of a procfs?  0, or -1 with what it is instead. */
int procfs_check(int proc);

/*
 * One write(2) to a file below, or open it with `flags` of open(2).  No link
 * but those of procfs's top (self, thread-self) is followed; what is no file
 * of the same mount of procfs is refused with EXDEV, unwritten.
 */
int procfs_open_file(int proc, const char *path, int flags);
int procfs_write(int proc, const char *path, const char *content);

#endif
