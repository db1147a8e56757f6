/*
 * terminal.h - child: a container's terminal: opened inside, held outside.
 *
 * See console.h, and handover.h for how an engine gets it.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "oci_process.h"

/* A terminal of the devpts in its root becomes its standard descriptors; and
 * /dev/console, if it is that of the first process.  Returns the master. */
int terminal_open(const struct oci_process *process, bool is_first);

#endif
