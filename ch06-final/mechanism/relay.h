/*
 * relay.h - the one way in that rules cannot make: the host's own ::1.
 *
 * A packet from 127.0.0.1 may be sent to a container because of the switch
 * route_localnet.  IPv6 has no such switch: what comes from ::1 leaves by no
 * other link than lo, whatever the rules say.  So a process has to take the
 * connection and make another one to the container, as Docker's docker-proxy
 * does for every published port.  The container sees the host's address, not
 * the client's, and each byte is copied twice; that is why all other ways are
 * rules (nat.h), and this is the exception.
 *
 *	struct relay relay = RELAY_NONE;
 *	relay_start(&relay, endpoint.sockets, endpoint.ports, count, NULL,
 *		    NULL);
 *	...
 *	relay_stop(&relay);		before net_release()
 *
 * It serves with the sockets that hold the ports (net.h), so there is nothing
 * to be bound twice, and it dies with who started it.
 */
#ifndef RELAY_H
#define RELAY_H

#include "base.h"
#include "nat.h"

struct relay {
	pid_t pid;
	int pidfd;
};
#define RELAY_NONE { .pidfd = -1 }

/* Serve those of the ports, TCP or UDP, that rules cannot: of IPv6, for any
 * address of the host or for ::1; does nothing when there is none.  Or all, by
 * connections from where `enter(who)` leads the process: it fails with -1, and
 * has told why. */
int relay_start(struct relay *relay, const int *sockets,
		const struct nat_port *ports, size_t count,
		int (*enter)(void *who), void *who);
void relay_stop(struct relay *relay); /* may be called twice */

/* The same in the caller's own process: comes back only when there is nothing
 * to serve. */
void relay_serve(const int *sockets, const struct nat_port *ports,
		 size_t count);

#endif
