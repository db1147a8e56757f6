/*
 * runid.h - the name of one run of ./demo.
 *
 * What a run makes on the host (cgroups, a directory in /tmp, a swap file)
 * has this name in its own: so no two runs meet, and whoever finds such a
 * thing can tell whether its run still goes on, or was killed and left it.
 */
#ifndef RUNID_H
#define RUNID_H

#include <stdbool.h>

/* This process is the run from now on.  -1 where /proc is not mounted, or not
 * that of our pid namespace: to go by its pids would be to go by wrong ones. */
int runid_take(void);

/*
 * "1234-567890": the pid of that process and its start time, in clock ticks
 * since boot, as pids are used again (proc_pid_stat(5)).  Outside the first pid
 * namespace the inode of the run's own follows: "15-567890-4026532281".
 */
const char *runid(void);

/* Is this run in the first pid namespace, so that its pids mean the same
 * processes to everybody? */
bool runid_is_outermost(void);

/*
 * May the run of that name be alive?  False only where it is known to be dead:
 * seen from inside a pid namespace, the runs in others always may be.
 */
bool runid_is_alive(const char *id);

#endif
