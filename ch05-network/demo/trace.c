/* trace.c - see trace.h. */
#include "trace.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "box.h"

int
trace_open(struct netlink *nl)
{
	if (netlink_open_protocol(nl, NETLINK_NETFILTER) < 0)
		return -1;
	if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &(int){ NFNLGRP_NFTRACE }, sizeof(int)) < 0)
		return fail("listen to the traces of nftables");
	return 0;
}

struct found {
	const struct nlattr *at[NFTA_TRACE_MAX + 1];
};

static int
gather(const struct nlattr *attribute, void *data)
{
	struct found *found = data;
	if (mnl_attr_get_type(attribute) <= NFTA_TRACE_MAX)
		found->at[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static uint32_t
number_in(const struct nlattr *attribute)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != 4)
		return 0;
	return ntohl(mnl_attr_get_u32(attribute));
}

static void
text_in(const struct nlattr *attribute, char *string, size_t size)
{
	if (attribute && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		snprintf(string, size, "%s", mnl_attr_get_str(attribute));
}

static int
keep_verdict(const struct nlattr *attribute, void *verdict)
{
	if (mnl_attr_get_type(attribute) == NFTA_VERDICT_CODE)
		*(uint32_t *)verdict = number_in(attribute);
	return MNL_CB_OK;
}

/* The headers of the packet, as far as they came along. */
static void
parse_flow(const struct nlattr *network, const struct nlattr *transport,
	   struct trace_event *event)
{
	struct iphdr ip;
	struct tcphdr tcp;
	if (!network || mnl_attr_get_payload_len(network) < sizeof(ip) ||
	    !transport || mnl_attr_get_payload_len(transport) < sizeof(tcp))
		return;
	memcpy(&ip, mnl_attr_get_payload(network), sizeof(ip));
	memcpy(&tcp, mnl_attr_get_payload(transport), sizeof(tcp));
	event->has_flow = ip.version == 4 && ip.protocol == IPPROTO_TCP;
	event->flow = (struct flow_end){ ntohl(ip.saddr), ntohl(ip.daddr),
					 ntohs(tcp.source), ntohs(tcp.dest) };
	event->is_answer = tcp.syn && tcp.ack;
}

static bool
parse_event(const struct nlmsghdr *message, struct trace_event *event)
{
	struct found found = { 0 };
	if (message->nlmsg_type !=
		    (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE) ||
	    mnl_attr_parse(message, sizeof(struct nfgenmsg), gather, &found) <
		    0)
		return false;
	*event = (struct trace_event){
		.packet = number_in(found.at[NFTA_TRACE_ID]),
		.type = number_in(found.at[NFTA_TRACE_TYPE]),
		.in = number_in(found.at[NFTA_TRACE_IIF]),
		.out = number_in(found.at[NFTA_TRACE_OIF]),
	};
	text_in(found.at[NFTA_TRACE_TABLE], event->table,
		sizeof(event->table));
	text_in(found.at[NFTA_TRACE_CHAIN], event->chain,
		sizeof(event->chain));
	event->verdict = number_in(found.at[NFTA_TRACE_POLICY]);
	if (found.at[NFTA_TRACE_VERDICT])
		mnl_attr_parse_nested(found.at[NFTA_TRACE_VERDICT],
				      keep_verdict, &event->verdict);
	parse_flow(found.at[NFTA_TRACE_NETWORK_HEADER],
		   found.at[NFTA_TRACE_TRANSPORT_HEADER], event);
	return true;
}

int
trace_read(struct netlink *nl, int ms, struct trace_event **events,
	   size_t *count)
{
	*events = NULL;
	*count = 0;
	while (box_wait(nl->fd, ms)) {
		char bytes[16384] __attribute__((aligned(8)));
		ssize_t length = recv(nl->fd, bytes, sizeof(bytes), 0);
		if (length < 0)
			return fail("read the traces of nftables");
		const struct nlmsghdr *message = (const void *)bytes;
		int left = length;
		for (; mnl_nlmsg_ok(message, left);
		     message = mnl_nlmsg_next(message, &left)) {
			*events = resize_bytes(*events, (*count + 1) *
					       sizeof(**events));
			*count += parse_event(message, &(*events)[*count]);
		}
	}
	return 0;
}
