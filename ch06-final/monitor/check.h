/*
 * check.h - the checks of the container's health are run when they are due
 * (health.h says when, and what comes of them).
 */
#ifndef CHECK_H
#define CHECK_H

#include "base.h"

struct monitor;

/* The container has started, or a check has ended: when is the next? */
void check_plan(struct monitor *m);
/* Begin one that is due, end one that takes too long; what is due next, as
 * loop_now() counts, or 0. */
int64_t check_go_on(struct monitor *m, int64_t now);
/* It has ended with this status. */
void check_take(struct monitor *m, int status);
/* The container has ended, and with it what is being checked. */
void check_end(struct monitor *m);

#endif
