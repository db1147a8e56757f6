/*
 * helper.h - heavy work is the client program's: it is run for it, once, with
 * a hidden verb and the container's id, and is gone again.
 */
#ifndef HELPER_H
#define HELPER_H

#include "base.h"

struct monitor;

/*
 * Run `demo VERB ID WINDOW` with the container's directory at LAUNCH_DIR and
 * its lock; WINDOW is the size of its terminal, 0 where nobody has said it.
 * With `report` it also gets a socket at LAUNCH_REPORT, of which the other end
 * is `*report`, and `pipes` (or NULL) as its container's standard descriptors.
 * Returns its pid, or -1.
 */
pid_t helper_start(struct monitor *m, const char *verb, int *report,
		   const int *pipes);

/* Run `demo .monitor-probe ID`: no lock; what it says comes to `*output`. */
pid_t helper_probe(struct monitor *m, int *output);

/* Run `demo .monitor-names ID`: no lock. */
pid_t helper_names(struct monitor *m);

/* Run `demo .monitor-relay ID`: no lock; what is held is at LAUNCH_REPORT.  It
 * is killed when we are. */
pid_t helper_relay(struct monitor *m);

#endif
