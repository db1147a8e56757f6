/*
 * dns_askers.h - the containers that ask.  What of a question is known here
 * (dns_answer.h) is answered, the rest is forwarded (dns_forward.h).
 */
#ifndef DNS_ASKERS_H
#define DNS_ASKERS_H

#include "dns_server.h"

/* Sockets of a container, and a pidfd; they are ours from now on.  One with
 * the same id makes place for it.  `servers`: addresses, blanks between. */
int dns_askers_add(struct dns_server *server, const char *id, int udp, int tcp,
		   int process, const char *servers);
void dns_askers_remove(struct dns_asker *asker);

/* Close connections that have said nothing for long; when the next one is due,
 * or INT64_MAX. */
int64_t dns_askers_expire(struct dns_server *server, int64_t now);

#endif
