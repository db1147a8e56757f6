/*
 * runc_log.h - parent: what went wrong, as the engine that called us wants to
 * be told.
 *
 * Engines read the reason of a failure from two places: containerd and dockerd
 * from the file that they gave us by --log, as JSON, a line a message; podman,
 * by way of conmon, from our standard error.  So a failure goes to both.
 */
#ifndef RUNC_LOG_H
#define RUNC_LOG_H

#include "base.h"

enum runc_log_format { RUNC_LOG_TEXT, RUNC_LOG_JSON };

/*
 * From here on messages go to the end of `path`, too (NULL: to standard error
 * alone).  With `debug` so does every system call that matters.
 */
int runc_log_open(const char *path, enum runc_log_format format, bool debug);

void runc_log_warning(const char *message);

/* The failure, as an error. */
void runc_log_failure(void);

#endif
