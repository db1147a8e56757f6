/*
 * published.h - by which of its networks the published ports of a running
 * container lead in: by the first that can; and when it leaves that, by the
 * first of those that are left, as Docker does it.
 *
 *	published_find()	what leads in by the one that is left, and
 *				where it is to go
 *	published_held()	the sockets that keep the ports on the host go
 *				along, behind the lease of the other
 *	published_lead()	when the first is gone: rules, note, record
 *
 * The host's side of a port is never let go of meanwhile.
 */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "attachments.h"
#include "held.h"
#include "record.h"

struct published {
	struct nat_port *ports;
	int *sockets; /* of the ports, from published_held() on */
	size_t count;
	/* The place where they are to lead in; its name NULL: there is none. */
	struct network_record record;
	struct net_network network;
	struct net_endpoint endpoint;
	char id[NETWORK_ID + 1]; /* of the endpoint */
};
void published_free(struct published *p);
#define auto_published __attribute__((cleanup(published_free), unused))

/* `left` is the network, `address` the container's there; the settings name
 * the others.  The caller holds the lock of `networks`. */
int published_find(int networks, const char *id,
		   const struct settings *settings,
		   const struct net_network *left, const char *address,
		   struct published *p);

/* Of what its monitor holds: lets go of what is of the network that is left,
 * but for the sockets of ports that have somewhere to go. */
void published_held(const struct net_network *left, struct published *p,
		    struct held *held);

/* The network that is left has been undone.  The record of the running
 * container in `dir` tells of the ports from now on, if there were any. */
int published_lead(int dir, const struct settings *settings,
		   struct published *p);

/* In the record, for people: "0.0.0.0:8080->80/tcp, ...".  More of them in
 * `*words`, which is fresh memory. */
void published_words(char **words, const struct settings *settings,
		     const struct nat_port *ports, size_t count);
int published_tell(int dir, const struct settings *settings,
		   const struct nat_port *ports, size_t count);

#endif
