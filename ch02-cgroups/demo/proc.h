/* proc.h - what /proc says about a process. */
#ifndef PROC_H
#define PROC_H

#include "base.h"

/* The value of the line "KEY:" of /proc/PID/status, or "?"; the caller
 * frees. */
char *proc_status(pid_t pid, const char *key);

/* The CPU it is on, or was on last; -1 when it is gone. */
int proc_cpu(pid_t pid);

#endif
