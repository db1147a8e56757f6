/* conntrack.c - see conntrack.h. */
#include "conntrack.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "ipam.h"
#include "netlink.h"

struct nested {
	const struct nlattr *at[32];
};

static int
gather(const struct nlattr *attribute, void *data)
{
	struct nested *found = data;
	if (mnl_attr_get_type(attribute) < countof(found->at))
		found->at[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

/* The attributes within one; none when it is absent. */
static struct nested
within(const struct nlattr *attribute)
{
	struct nested found = { 0 };
	if (attribute)
		mnl_attr_parse_nested(attribute, gather, &found);
	return found;
}

static uint32_t
address_in(const struct nlattr *attribute)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != 4)
		return 0;
	return ntohl(mnl_attr_get_u32(attribute));
}

static uint16_t
port_in(const struct nlattr *attribute)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != 2)
		return 0;
	return ntohs(mnl_attr_get_u16(attribute));
}

static void
parse_end(const struct nlattr *tuple, struct flow_end *end, int *protocol)
{
	struct nested parts = within(tuple);
	struct nested ip = within(parts.at[CTA_TUPLE_IP]);
	struct nested proto = within(parts.at[CTA_TUPLE_PROTO]);
	end->from = address_in(ip.at[CTA_IP_V4_SRC]);
	end->to = address_in(ip.at[CTA_IP_V4_DST]);
	end->from_port = port_in(proto.at[CTA_PROTO_SRC_PORT]);
	end->to_port = port_in(proto.at[CTA_PROTO_DST_PORT]);
	const struct nlattr *number = proto.at[CTA_PROTO_NUM];
	if (number && mnl_attr_get_payload_len(number) == 1)
		*protocol = mnl_attr_get_u8(number);
}

struct flows {
	struct flow *all;
	size_t count;
};

static int
append_flow(const struct nlmsghdr *message, void *data)
{
	struct flows *flows = data;
	struct nested found = { 0 };
	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return failx("the answer makes no sense: a connection of %u "
			     "bytes", message->nlmsg_len);
	mnl_attr_parse(message, sizeof(struct nfgenmsg), gather, &found);
	flows->all = resize_bytes(flows->all, (flows->count + 1) *
						      sizeof(struct flow));
	struct flow *flow = &flows->all[flows->count++];
	*flow = (struct flow){ 0 };
	parse_end(found.at[CTA_TUPLE_ORIG], &flow->original, &flow->protocol);
	parse_end(found.at[CTA_TUPLE_REPLY], &flow->reply, &flow->protocol);
	return 0;
}

int
conntrack_list(struct flow **flows, size_t *count)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (netlink_open_protocol(&nl, NETLINK_NETFILTER) < 0)
		return -1;
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	message->nlmsg_flags = NLM_F_DUMP;
	struct nfgenmsg *header =
		mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = AF_INET;
	header->version = NFNETLINK_V0;
	struct flows found = { 0 };
	if (netlink_request(&nl, message, append_flow, &found) < 0) {
		free(found.all);
		if (failure.code == EINVAL) /* no such part of netfilter */
			failure.code = EOPNOTSUPP;
		return wrap("list the connections (does this kernel have "
			    "nf_conntrack_netlink?)");
	}
	*flows = found.all;
	*count = found.count;
	return 0;
}

int
conntrack_find(int protocol, uint32_t to, uint16_t port, struct flow *flow)
{
	auto_free struct flow *flows = NULL;
	size_t count;
	bool found = false;
	if (conntrack_list(&flows, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (flows[i].protocol != protocol ||
		    flows[i].original.to != to ||
		    flows[i].original.to_port != port)
			continue;
		*flow = flows[i];
		found = true;
	}
	return found ? 0 : failx("no connection to port %u is known", port);
}

char *
flow_words(int protocol, const struct flow_end *end)
{
	char from[IPAM_ADDRESS_SIZE], to[IPAM_ADDRESS_SIZE];
	return text("%s %s:%u -> %s:%u",
		    protocol == IPPROTO_TCP ? "tcp" :
		    protocol == IPPROTO_UDP ? "udp" : "other",
		    ipam_format(end->from, from), end->from_port,
		    ipam_format(end->to, to), end->to_port);
}
