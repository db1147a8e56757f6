/*
 * clients.h - who is connected to the monitor (protocol.h).
 *
 * For a client nothing is kept but what it has not taken of the last read of
 * each stream.  The one that was attached before the container began, which is
 * `docker run` itself, may be as slow as it likes, as any reader of a pipe.
 * Any other that takes nothing for CLIENT_PATIENCE is let go.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "protocol.h"

struct monitor;
struct source;

#define CLIENT_PATIENCE 10000 /* ms */

/* Take a connected socket, ours from now on; and from now on those who come
 * by way of the listener. */
void clients_add(struct monitor *m, int sock, bool is_first);
void clients_accept(struct source *listener, uint32_t events);

/* To all who want output; how many could not take it yet. */
size_t clients_send(struct monitor *m, enum protocol_type type,
		    const char *bytes, size_t length);
/* To all; they are let go when they have taken it. */
void clients_tell_exit(struct monitor *m);

/* Listen again to those who have been kept waiting by the input. */
void clients_listen(struct monitor *m);

/* Let go of those who have stalled for too long; when will the next have? */
int64_t clients_expire(struct monitor *m, int64_t now);

#endif
