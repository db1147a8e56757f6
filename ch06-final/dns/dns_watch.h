/*
 * dns_watch.h - the names as they are now.  inotify(7) has an event before the
 * rename(2) returns that put a file there; so who looks before each answer
 * knows whatever was written before the question was asked.
 */
#ifndef DNS_WATCH_H
#define DNS_WATCH_H

#include "dns_server.h"

/* server->directory is open, and the working directory. */
int dns_watch_begin(struct dns_server *server);
/* Read the names again where they have changed. */
void dns_watch_refresh(struct dns_server *server);

#endif
