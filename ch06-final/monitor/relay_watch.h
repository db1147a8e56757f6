/*
 * relay_watch.h - `demo .monitor-relay` takes what comes to the host's ::1 for
 * the container's ports (mechanism/relay.h), where it has such; it lives as
 * long as the container does, and when it is killed there is another.
 */
#ifndef RELAY_WATCH_H
#define RELAY_WATCH_H

#include "base.h"

struct monitor;

/* From now on, and no longer than until the end. */
void relay_watch_begin(struct monitor *m);
void relay_watch_end(struct monitor *m);

/* loop_now() when there is more to do, or 0. */
int64_t relay_watch_go_on(struct monitor *m, int64_t now);

/* It has ended. */
void relay_watch_take(struct monitor *m, int status);

#endif
