/*
 * handover.h - parent: a descriptor for the engine that called us: the master
 * of a terminal, or what holds a process.
 *
 * The engine listens on an AF_UNIX socket, and gets one message with the
 * descriptor (unix(7), SCM_RIGHTS) and a name for it: runc's docs/terminals.md.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include "base.h"

int handover_send(const char *path, const char *name, int fd);

#endif
