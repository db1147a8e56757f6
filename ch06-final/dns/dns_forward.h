/*
 * dns_forward.h - what is not known here is asked of the container's name
 * servers (--dns), or of the host's, from the host's namespace: so 127.0.0.53
 * and whatever else only the host reaches serves them too.
 *
 * Each question has a socket of its own, connected: the port is the kernel's
 * choice, and nobody but the server can answer.  A server that says nothing
 * for DNS_PATIENCE_MS, or that it failed, makes way for the next one; when all
 * have, the client is told SERVFAIL before it gives up by itself.
 */
#ifndef DNS_FORWARD_H
#define DNS_FORWARD_H

#include "dns_server.h"

#define DNS_PATIENCE_MS 1500

/* `packet` is the query as it came, `query` what was read of it. */
void dns_forward(struct dns_asker *asker, const struct dns_client *client,
		 const struct dns_query *query, const uint8_t *packet,
		 size_t length);

/* The asker goes: nobody waits any more. */
void dns_forward_cancel(struct dns_asker *asker);

/* Go on with those whose time is over; the earliest time that the next one
 * is due, or INT64_MAX. */
int64_t dns_forward_expire(struct dns_server *server, int64_t now);

#endif
