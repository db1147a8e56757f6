/*
 * trace.h - what nftables does with a packet, chain by chain, as the kernel
 * tells it to whoever listens (`nft monitor trace`; nft(8), "nftrace").
 *
 * A rule `meta nftrace set 1` marks a packet.  From then on each chain that it
 * comes through sends an event: which chain, what became of it there, and the
 * first bytes of the packet as it came in.
 */
#ifndef TRACE_H
#define TRACE_H

#include "base.h"
#include "conntrack.h"
#include "netlink.h"

#include <net/if.h>

struct trace_event {
	uint32_t packet; /* events of one packet have one number */
	char table[32];
	char chain[32];
	uint32_t type;    /* NFT_TRACETYPE_RULE, _RETURN, _POLICY */
	uint32_t verdict; /* NF_ACCEPT, NF_DROP, NFT_JUMP, NFT_CONTINUE... */
	int in, out;      /* indices of links, or 0 */
	bool has_flow;    /* it is the chain's first event: TCP over IPv4 */
	struct flow_end flow;
	bool is_answer; /* SYN and ACK are set */
};

/* A socket that hears of this namespace's packets from now on. */
int trace_open(struct netlink *nl);
/* The events until none has come for `ms`, in fresh memory. */
int trace_read(struct netlink *nl, int ms, struct trace_event **events,
	       size_t *count);

#endif
