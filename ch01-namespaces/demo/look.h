/* look.h - what the kernel says of a process: the experiments ask alike. */
#ifndef LOOK_H
#define LOOK_H

#include "base.h"
#include "ns.h"

/* The kind with this name, "uts" or "mount" (ns_kinds). */
const struct ns_kind *look_kind(const char *name);

/* The link /proc/PID/ns/FILE, "uts:[4026531838]"; "?" where it is not to be
 * seen.  The caller frees, here and below.  `pid` 0: our own. */
char *look_link(pid_t pid, const char *kind);

/* The value of a line of /proc/PID/status, such as "NSpid", tabs as blanks:
 * "4711 1"; "?" where there is none. */
char *look_status(pid_t pid, const char *key);

/* gethostname(2). */
char *look_host_name(void);

/* Processes that /proc lists: those of the pid namespace it was mounted in. */
int look_count_processes(void);

#endif
