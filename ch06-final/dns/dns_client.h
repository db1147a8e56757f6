/*
 * dns_client.h - those in a container who ask: one packet by UDP, or a
 * connection by TCP with any number of questions, each with its length before
 * it, answered in the order in which they are ready (RFC 7766).
 */
#ifndef DNS_CLIENT_H
#define DNS_CLIENT_H

#include "dns_server.h"

#define DNS_QUERY_SIZE 4096 /* no question is longer */
#define DNS_CONNECTION_IDLE_MS 10000

/* The answer to `query`.  By UDP it is cut down to what the client takes; who
 * has gone since he asked is no failure. */
void dns_client_answer(struct dns_asker *asker, const struct dns_client *client,
		       const struct dns_query *query, const uint8_t *packet,
		       size_t length);

/* A connection; `fd` is ours from now on.  One too many: the one closes that
 * has been still for longest. */
void dns_client_connected(struct dns_asker *asker, int fd);
/* Close all of them. */
void dns_client_close_all(struct dns_asker *asker);
/* Close those whose time is over; when the next one's is, or INT64_MAX. */
int64_t dns_client_expire(struct dns_asker *asker, int64_t now);

#endif
