/*
 * conntrack.h - the connections that this network namespace keeps track of,
 * asked over netlink as conntrack(8) does.
 *
 * An entry has two directions: how the first packet came, and how an answer to
 * it will come.  Where an address was changed they are not each other's
 * mirror, and that is all that NAT has to remember.
 */
#ifndef CONNTRACK_H
#define CONNTRACK_H

#include "base.h"

struct flow_end {
	uint32_t from, to;
	uint16_t from_port, to_port;
};

struct flow {
	int protocol;
	struct flow_end original, reply;
};

/* Those of IPv4, in fresh memory; the caller frees. */
int conntrack_list(struct flow **flows, size_t *count);
/* The one whose first packet went to this address and port; the last such. */
int conntrack_find(int protocol, uint32_t to, uint16_t port,
		   struct flow *flow);
/* "tcp 172.29.0.2:40000 -> 203.0.113.1:443", in fresh memory. */
char *flow_words(int protocol, const struct flow_end *end);

#endif
