/*
 * signals.h - signals by name, as on a command line: "TERM", "sigterm", "15",
 * "RTMIN+2"; and which of them this process ignores.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "base.h"

/* The whole text must be a signal of this system, or 0, which is none and only
 * asks whether it could be sent: kill(2), signal(7). */
int signal_parse(const char *string, int *number);

/* Those that our caller made us ignore ("nohup", a shell's "&"): a set with the
 * bit N - 1 for signal N.  All at once from /proc/self/status, where
 * sigaction(2) would take a call for each; and only once, for we ignore none
 * ourselves, and our children have what we have. */
int signals_ignored(uint64_t *set);

#endif
