/* nat.c - see nat.h. */
#include "nat.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

#define TABLE "ip " NAT_TABLE

/*
 * The rules, the same for every network; each chain is flushed and filled
 * again in the same transaction, so that running it twice changes nothing.
 * The guard stands before connection tracking (priority raw): it must see a
 * packet as the container sent it.  Forwarding is decided after destinations
 * were changed, hence the question for the status "dnat".
 */
static const char table_text[] =
	"add table " TABLE "\n"
	"add set " TABLE " bridges { type ifname; }\n"
	"add set " TABLE " within { type ifname . ifname; }\n"
	"add set " TABLE " subnets { type ipv4_addr; flags interval; }\n"
	"add map " TABLE " ports { type inet_proto . inet_service"
	" : ipv4_addr . inet_service; }\n"
	"add map " TABLE " address_ports { type ipv4_addr . inet_proto"
	" . inet_service : ipv4_addr . inet_service; }\n"
	"add chain " TABLE " guard"
	" { type filter hook prerouting priority -300; policy accept; }\n"
	"add chain " TABLE " prerouting"
	" { type nat hook prerouting priority -100; policy accept; }\n"
	"add chain " TABLE " output"
	" { type nat hook output priority -100; policy accept; }\n"
	"add chain " TABLE " forward"
	" { type filter hook forward priority 0; policy accept; }\n"
	"add chain " TABLE " postrouting"
	" { type nat hook postrouting priority 100; policy accept; }\n"
	"add chain " TABLE " publish\n"
	"flush table " TABLE "\n"
	"add rule " TABLE " guard iifname @bridges"
	" ip daddr 127.0.0.0/8 drop\n"
	"add rule " TABLE " guard iifname @bridges"
	" ip saddr 127.0.0.0/8 drop\n"
	"add rule " TABLE " prerouting fib daddr type local jump publish\n"
	"add rule " TABLE " output fib daddr type local jump publish\n"
	"add rule " TABLE " publish meta l4proto { tcp, udp }"
	" dnat ip to ip daddr . meta l4proto . th dport map @address_ports\n"
	"add rule " TABLE " publish meta l4proto { tcp, udp }"
	" dnat ip to meta l4proto . th dport map @ports\n"
	"add rule " TABLE " forward oifname != @bridges accept\n"
	"add rule " TABLE " forward ct state established,related accept\n"
	"add rule " TABLE " forward ct status dnat accept\n"
	"add rule " TABLE " forward iifname . oifname @within accept\n"
	"add rule " TABLE " forward drop\n"
	"add rule " TABLE " postrouting ip saddr @subnets"
	" oifname != @bridges masquerade\n"
	"add rule " TABLE " postrouting ip saddr 127.0.0.0/8"
	" oifname @bridges masquerade\n"
	"add rule " TABLE " postrouting ip saddr @subnets"
	" oifname @bridges ct status dnat masquerade\n";

/* ---- libnftables ------------------------------------------------------- */

/* The errno behind a complaint, as far as libnftables lets us see it: it
 * returns -1 for everything and prints the rest. */
static int
complaint_code(const char *complaint)
{
	static const int known[] = { ENOENT, EEXIST, EPERM, EACCES, EBUSY,
				     EOPNOTSUPP, EINVAL };
	for (size_t i = 0; i < countof(known); i++)
		if (strstr(complaint, strerror(known[i])))
			return known[i];
	return 0;
}

/* "Error: Could not process rule: File exists\nadd element ..." in one line:
 * what follows the first line repeats the command. */
static int
fail_nft(const char *complaint)
{
	int code = complaint_code(complaint);
	int length = strcspn(complaint, "\n");
	if (length == 0)
		failx("nftables refused without a word");
	else
		failx("nftables: %.*s", length, complaint);
	failure.code = code;
	return -1;
}

/* Run commands, all or none, in the network namespace of the caller.  What
 * they print goes to `*output` when that is wanted; nothing is printed. */
static int
run_nft(const char *commands, char **output)
{
	/* Without rights, or without nf_tables in the kernel, libnftables
	 * prints to stderr past every buffer: do not let it come to that. */
	bool there;
	if (nat_has_table(&there) < 0)
		return -1;
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return failx("nftables: no context");
	if (nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft)) {
		nft_ctx_free(nft);
		return failx("nftables: no buffers");
	}
	int result = nft_run_cmd_from_buffer(nft, commands);
	if (result != 0)
		result = fail_nft(nft_ctx_get_error_buffer(nft));
	else if (output)
		*output = copy_text(nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
	errno = failure.code;
	return trace(result, "nft(\"%.*s\")", (int)strcspn(commands, "\n"),
		     commands);
}

/* ---- networks ---------------------------------------------------------- */

/* A name that may stand in quotes in a command of nft. */
static int
check_quotable(const char *bridge)
{
	if (netlink_is_name(bridge) && !strpbrk(bridge, "\"\\*"))
		return 0;
	return failx("\"%s\" is no name for a bridge", bridge);
}

/* Add or delete the elements of a network. */
static char *
compose_membership(const char *verb, const char *bridge,
		   const struct ipam_subnet *subnet)
{
	char *commands = text("%s element " TABLE " bridges { \"%s\" }\n"
			      "%s element " TABLE " within"
			      " { \"%s\" . \"%s\" }\n",
			      verb, bridge, verb, bridge, bridge);
	if (subnet->prefix == 0)
		return commands;
	char room[IPAM_ADDRESS_SIZE];
	char *both = text("%s%s element " TABLE " subnets { %s/%u }\n",
			  commands, verb, ipam_format(subnet->network, room),
			  subnet->prefix);
	free(commands);
	return both;
}

char *
nat_compose_network(const char *bridge, const struct ipam_subnet *subnet)
{
	if (check_quotable(bridge) < 0)
		return NULL;
	auto_free char *members = compose_membership("add", bridge, subnet);
	return text("%s%s", table_text, members);
}

int
nat_add_network(const char *bridge, const struct ipam_subnet *subnet)
{
	auto_free char *commands = nat_compose_network(bridge, subnet);
	if (!commands)
		return -1;
	if (run_nft(commands, NULL) < 0)
		return wrap("load the table " TABLE " for %s", bridge);
	return 0;
}

int
nat_remove_network(const char *bridge, const struct ipam_subnet *subnet)
{
	if (check_quotable(bridge) < 0)
		return -1;
	auto_free char *add = compose_membership("add", bridge, subnet);
	auto_free char *delete = compose_membership("delete", bridge, subnet);
	/* Adding first, in the same transaction: then deleting cannot fail
	 * because something is missing. */
	auto_free char *commands = text("%s%s", add, delete);
	if (run_nft(commands, NULL) < 0 && failure.code != ENOENT)
		return wrap("take %s out of the table " TABLE, bridge);
	return 0;
}

int
nat_remove_table(void)
{
	bool there;
	if (nat_has_table(&there) < 0)
		return -1;
	if (there && run_nft("delete table " TABLE "\n", NULL) < 0 &&
	    failure.code != ENOENT)
		return wrap("remove the table " TABLE);
	return 0;
}

char *
nat_show(void)
{
	char *ruleset = NULL;
	if (run_nft("list table " TABLE "\n", &ruleset) < 0)
		wrap("show the table " TABLE);
	return ruleset;
}

/* ---- ports ------------------------------------------------------------- */

const char *
nat_protocol_name(int protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	}
	return NULL;
}

char *
nat_compose_element(const char *verb, const struct nat_port *port)
{
	const char *protocol = nat_protocol_name(port->protocol);
	if (!protocol || port->host_port == 0 || port->port == 0 ||
	    port->address == 0) {
		failx("publish: protocol %d, host port %u, address %x and "
		      "port %u do not make a published port", port->protocol,
		      port->host_port, port->address, port->port);
		return NULL;
	}
	char host[IPAM_ADDRESS_SIZE], container[IPAM_ADDRESS_SIZE];
	ipam_format(port->host_address, host);
	bool any = port->host_address == 0;
	return text("%s element " TABLE " %s { %s%s%s . %u : %s . %u }\n", verb,
		    any ? "ports" : "address_ports", any ? "" : host,
		    any ? "" : " . ", protocol, port->host_port,
		    ipam_format(port->address, container), port->port);
}

int
nat_publish(const struct nat_port *ports, size_t count)
{
	auto_free char *commands = copy_text("");
	for (size_t i = 0; i < count; i++) {
		auto_free char *before = take_ptr(&commands);
		auto_free char *one = nat_compose_element("add", &ports[i]);
		if (!one)
			return -1;
		commands = text("%s%s", before, one);
	}
	if (count == 0 || run_nft(commands, NULL) == 0)
		return 0;
	if (failure.code == EEXIST)
		failure.code = EADDRINUSE;
	return wrap("publish %zu port%s", count, count == 1 ? "" : "s");
}

int
nat_unpublish(const struct nat_port *ports, size_t count)
{
	int result = 0;
	for (size_t i = 0; i < count; i++) {
		auto_free char *add = nat_compose_element("add", &ports[i]);
		auto_free char *delete =
			nat_compose_element("delete", &ports[i]);
		if (!add || !delete) {
			result = -1;
			continue;
		}
		/* Adding what is there already is no error.  Adding what
		 * leads elsewhere is, and then nothing is deleted. */
		auto_free char *commands = text("%s%s", add, delete);
		if (run_nft(commands, NULL) < 0 && failure.code != ENOENT &&
		    failure.code != EEXIST)
			result = wrap("unpublish port %u", ports[i].host_port);
	}
	return result;
}

/* ---- looking at other people's chains ---------------------------------- */

/* The beginning of a question to nf_tables, which wants its own header. */
static struct nlmsghdr *
begin_question(char *buffer, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | type;
	message->nlmsg_flags = flags;
	struct nfgenmsg *header =
		mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	return message;
}

int
nat_has_table(bool *there)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (netlink_open_protocol(&nl, NETLINK_NETFILTER) < 0)
		return -1;
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *message =
		begin_question(buffer, NFT_MSG_GETTABLE, 0, NFPROTO_IPV4);
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, NAT_TABLE);
	*there = netlink_request(&nl, message, NULL, NULL) == 0;
	if (*there || failure.code == ENOENT)
		return 0;
	if (failure.code == EPERM)
		return wrap("look for the table " TABLE " (it takes root)");
	return wrap("look for the table " TABLE " (does this kernel have "
		    "nf_tables? \"modprobe nf_tables\" loads it)");
}

/* A base chain at the forward hook that drops by policy. */
struct forward_drop {
	char *family;
	char *table;
	char *chain;
};

struct chain_attributes {
	const struct nlattr *at[NFTA_CHAIN_MAX + 1];
	const struct nlattr *hook[NFTA_HOOK_MAX + 1];
};

static int
gather_chain(const struct nlattr *attribute, void *data)
{
	struct chain_attributes *found = data;
	if (mnl_attr_get_type(attribute) <= NFTA_CHAIN_MAX)
		found->at[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static int
gather_hook(const struct nlattr *attribute, void *data)
{
	struct chain_attributes *found = data;
	if (mnl_attr_get_type(attribute) <= NFTA_HOOK_MAX)
		found->hook[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static bool
has_number(const struct nlattr *attribute, uint32_t number)
{
	return attribute && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0 &&
	       ntohl(mnl_attr_get_u32(attribute)) == number;
}

static bool
has_text(const struct nlattr *attribute)
{
	return attribute &&
	       mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0;
}

/* nf_tables leaves out a policy only where there is none. */
static int
note_forward_drop(const struct nlmsghdr *message, void *data)
{
	struct forward_drop *drop = data;
	struct chain_attributes found = { 0 };
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return failx("the answer makes no sense: a chain of %u bytes",
			     message->nlmsg_len);
	mnl_attr_parse(message, sizeof(*header), gather_chain, &found);
	if (found.at[NFTA_CHAIN_HOOK])
		mnl_attr_parse_nested(found.at[NFTA_CHAIN_HOOK], gather_hook,
				      &found);
	bool sees_ipv4 = header->nfgen_family == NFPROTO_IPV4 ||
			 header->nfgen_family == NFPROTO_INET;
	if (drop->table || !sees_ipv4 ||
	    !has_number(found.hook[NFTA_HOOK_HOOKNUM], NF_INET_FORWARD) ||
	    !has_number(found.at[NFTA_CHAIN_POLICY], NF_DROP) ||
	    !has_text(found.at[NFTA_CHAIN_TABLE]) ||
	    !has_text(found.at[NFTA_CHAIN_NAME]))
		return 0;
	drop->family = copy_text(
		header->nfgen_family == NFPROTO_IPV4 ? "ip" : "inet");
	drop->table = copy_text(
		mnl_attr_get_str(found.at[NFTA_CHAIN_TABLE]));
	drop->chain = copy_text(
		mnl_attr_get_str(found.at[NFTA_CHAIN_NAME]));
	return 0;
}

/* Does this table speak of the bridge?  A name that nft would not take as a
 * word is not asked about. */
static bool
mentions_bridge(const struct forward_drop *drop, const char *bridge)
{
	for (const char *c = drop->table; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-."
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", *c))
			return false;
	auto_free char *command =
		text("list table %s %s\n", drop->family, drop->table);
	auto_free char *ruleset = NULL;
	auto_free char *quoted = text("\"%s\"", bridge);
	struct failure unrelated = failure;
	if (run_nft(command, &ruleset) < 0)
		failure = unrelated;
	return ruleset && strstr(ruleset, quoted);
}

int
nat_find_forward_drop(const char *bridge, char **chain)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (netlink_open_protocol(&nl, NETLINK_NETFILTER) < 0)
		return -1;
	char buffer[256] __attribute__((aligned(8)));
	struct forward_drop drop = { 0 };
	int result = netlink_request(&nl,
				     begin_question(buffer, NFT_MSG_GETCHAIN,
						    NLM_F_DUMP, NFPROTO_UNSPEC),
				     note_forward_drop, &drop);
	auto_free char *family = drop.family;
	auto_free char *table = drop.table;
	auto_free char *name = drop.chain;
	*chain = NULL;
	if (result < 0)
		return wrap("look for chains that drop forwarded packets");
	if (!table || mentions_bridge(&drop, bridge))
		return 0;
	*chain = text("%s %s %s", family, table, name);
	return 1;
}
