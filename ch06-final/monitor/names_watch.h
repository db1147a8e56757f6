/*
 * names_watch.h - the name server of the container's networks (dns/main.c) is
 * watched: of one that was killed another is made, by nobody's command.
 *
 * The monitor keeps a connection to it, which says nothing; its end is the
 * server's.  All monitors of a host see that at once.  Each waits a little, one
 * more than the other, and looks again; who still finds no server, and nobody
 * who makes one, has the client's program do it, which then serves everybody.
 */
#ifndef NAMES_WATCH_H
#define NAMES_WATCH_H

#include "base.h"

struct monitor;

/* The container runs, and has names. */
void names_watch_begin(struct monitor *m);
/* It has ended. */
void names_watch_end(struct monitor *m);

/* Look for the server when that is due; what is due next, as loop_now()
 * counts, or 0. */
int64_t names_watch_go_on(struct monitor *m, int64_t now);
/* The helper has ended with this status. */
void names_watch_take(struct monitor *m, int status);

#endif
