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

/*
 * The rules, the same for every network; each chain is flushed and filled
 * again in the same transaction, so that running it twice changes nothing.
 * The guard stands before connection tracking (priority raw): it must see a
 * packet as the container sent it.  Forwarding is decided after destinations
 * were changed, hence the question for the status "dnat".
 *
 * $T stands for the table, $F for the family, ip or ip6, $A for the type of
 * its addresses and $L for those of its loopback.  $O keeps the host's own
 * connections to ::1 out: no rule can lead them to a container (relay.h).
 */
static const char rules[] =
	"add table $T\n"
	"add set $T bridges { type ifname; }\n"
	"add set $T within { type ifname . ifname; }\n"
	"add set $T inner { type ifname; }\n"
	"add set $T subnets { type $A; flags interval; }\n"
	"add map $T ports { type inet_proto . inet_service"
	" : $A . inet_service; }\n"
	"add map $T address_ports { type $A . inet_proto"
	" . inet_service : $A . inet_service; }\n"
	"add chain $T guard"
	" { type filter hook prerouting priority -300; policy accept; }\n"
	"add chain $T prerouting"
	" { type nat hook prerouting priority -100; policy accept; }\n"
	"add chain $T output"
	" { type nat hook output priority -100; policy accept; }\n"
	"add chain $T forward"
	" { type filter hook forward priority 0; policy accept; }\n"
	"add chain $T postrouting"
	" { type nat hook postrouting priority 100; policy accept; }\n"
	"add chain $T publish\n"
	"flush table $T\n"
	"add rule $T guard iifname @bridges $F daddr $L drop\n"
	"add rule $T guard iifname @bridges $F saddr $L drop\n"
	"add rule $T prerouting fib daddr type local jump publish\n"
	"add rule $T output $Ofib daddr type local jump publish\n"
	"add rule $T publish meta l4proto { tcp, udp, sctp } dnat $F to"
	" $F daddr . meta l4proto . th dport map @address_ports\n"
	"add rule $T publish meta l4proto { tcp, udp, sctp } dnat $F to"
	" meta l4proto . th dport map @ports\n"
	"add rule $T forward iifname . oifname @within accept\n"
	"add rule $T forward iifname @inner drop\n"
	"add rule $T forward oifname @inner drop\n"
	"add rule $T forward oifname != @bridges accept\n"
	"add rule $T forward ct state established,related accept\n"
	"add rule $T forward ct status dnat accept\n"
	"add rule $T forward drop\n"
	"add rule $T postrouting $F saddr @subnets"
	" oifname != @bridges masquerade\n"
	"add rule $T postrouting $F saddr $L oifname @bridges masquerade\n"
	"add rule $T postrouting $F saddr @subnets"
	" oifname @bridges ct status dnat masquerade\n";

/* What the two families call their own. */
struct family {
	const char *name;
	const char *table;
	const char *type;
	const char *loopback;
	const char *output;
	uint8_t number;
};
static const struct family ipv4 = { "ip", "ip " NAT_TABLE, "ipv4_addr",
				    "127.0.0.0/8", "", NFPROTO_IPV4 };
static const struct family ipv6 = { "ip6", "ip6 " NAT_TABLE, "ipv6_addr",
				    "::1", "ip6 daddr != ::1 ",
				    NFPROTO_IPV6 };

static char *
write_rules(const struct family *family)
{
	char *written = NULL;
	size_t length;
	FILE *out = open_memstream(&written, &length);
	if (!out)
		abort(); /* memory is out, as in text() */
	for (const char *c = rules; *c; c++) {
		if (*c != '$') {
			fputc(*c, out);
			continue;
		}
		c++;
		fputs(*c == 'T' ? family->table :
		      *c == 'A' ? family->type :
		      *c == 'L' ? family->loopback :
		      *c == 'O' ? family->output : family->name, out);
	}
	fclose(out);
	return written;
}

/* ---- is it there? ------------------------------------------------------ */

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

static int
has_table(const struct family *family, bool *there)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (netlink_open_protocol(&nl, NETLINK_NETFILTER) < 0)
		return -1;
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *message =
		begin_question(buffer, NFT_MSG_GETTABLE, 0, family->number);
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, NAT_TABLE);
	*there = netlink_request(&nl, message, NULL, NULL) == 0;
	if (*there || failure.code == ENOENT)
		return 0;
	if (failure.code == EPERM)
		return wrap("look for the table %s (it takes root)",
			    family->table);
	return wrap("look for the table %s (does this kernel have nf_tables? "
		    "\"modprobe nf_tables\" loads it)", family->table);
}

int
nat_has_table(bool *there)
{
	return has_table(&ipv4, there);
}

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

int
nat_run(const char *commands, char **output)
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

/* Add or delete the elements of a network; its subnet as text, or NULL. */
static char *
compose_membership(const struct family *family, const char *verb,
		   const char *bridge, bool inner, const char *subnet)
{
	const char *table = family->table;
	auto_free char *kept = inner ?
		text("%s element %s inner { \"%s\" }\n", verb, table,
		     bridge) : copy_text("");
	char *commands = text("%s element %s bridges { \"%s\" }\n"
			      "%s element %s within { \"%s\" . \"%s\" }\n%s",
			      verb, table, bridge, verb, table, bridge,
			      bridge, kept);
	if (!subnet)
		return commands;
	char *both = text("%s%s element %s subnets { %s }\n", commands, verb,
			  table, subnet);
	free(commands);
	return both;
}

static char *
name_subnet(const struct ipam_subnet *subnet)
{
	char room[IPAM_ADDRESS_SIZE];
	if (!subnet || subnet->prefix == 0)
		return NULL;
	return text("%s/%u", ipam_format(subnet->network, room),
		    subnet->prefix);
}

static char *
name_subnet6(const struct ipam_subnet6 *subnet)
{
	char room[IPAM_ADDRESS6_SIZE];
	if (!subnet || subnet->prefix == 0)
		return NULL;
	return text("%s/%u", ipam_format6(subnet->network, room),
		    subnet->prefix);
}

static char *
compose_network(const struct family *family, const char *bridge,
		const char *subnet)
{
	if (check_quotable(bridge) < 0)
		return NULL;
	auto_free char *written = write_rules(family);
	auto_free char *members =
		compose_membership(family, "add", bridge, !subnet, subnet);
	return text("%s%s", written, members);
}

char *
nat_compose_network(const char *bridge, const struct ipam_subnet *subnet)
{
	auto_free char *name = name_subnet(subnet);
	return compose_network(&ipv4, bridge, name);
}

/* A set holds numbers, and each of them may have a comment. */
#define NOTE "found"
#define COMMENT_MAX 128

static char *
compose_note(const struct family *family, const char *lines)
{
	char *commands = text("add set %s " NOTE " { type mark; }\n",
			      family->table);
	for (int number = 1; *lines; number++) {
		int length = strcspn(lines, "\n");
		auto_free char *before = commands;
		bool fits = length <= COMMENT_MAX &&
			    (int)strcspn(lines, "\"\\") >= length;
		commands = fits ? text("%sadd element %s " NOTE " { %d comment"
				       " \"%.*s\" }\n", before, family->table,
				       number, length, lines) :
				  text("%s", before);
		lines += length + (lines[length] == '\n');
	}
	return commands;
}

static int
add_network(const struct family *family, const char *bridge,
	    const char *subnet, const char *note)
{
	auto_free char *commands = compose_network(family, bridge, subnet);
	auto_free char *kept = note ? compose_note(family, note) :
				      copy_text("");
	if (!commands)
		return -1;
	auto_free char *all = text("%s%s", commands, kept);
	if (nat_run(all, NULL) < 0)
		return wrap("load the table %s for %s", family->table, bridge);
	return 0;
}

int
nat_add_noted(const char *bridge, const struct ipam_subnet *subnet,
	      const char *note)
{
	auto_free char *name = name_subnet(subnet);
	return add_network(&ipv4, bridge, name, note);
}

int
nat_add_noted6(const char *bridge, const struct ipam_subnet6 *subnet,
	       const char *note)
{
	auto_free char *name = name_subnet6(subnet);
	return add_network(&ipv6, bridge, name, note);
}

int
nat_add_network(const char *bridge, const struct ipam_subnet *subnet)
{
	return nat_add_noted(bridge, subnet, NULL);
}

int
nat_add_network6(const char *bridge, const struct ipam_subnet6 *subnet)
{
	return nat_add_noted6(bridge, subnet, NULL);
}

static int
remove_network(const struct family *family, const char *bridge,
	       const char *subnet)
{
	if (check_quotable(bridge) < 0)
		return -1;
	auto_free char *add =
		compose_membership(family, "add", bridge, true, subnet);
	auto_free char *delete =
		compose_membership(family, "delete", bridge, true, subnet);
	/* Adding first, in the same transaction: then deleting cannot fail
	 * because something is missing. */
	auto_free char *commands = text("%s%s", add, delete);
	if (nat_run(commands, NULL) < 0 && failure.code != ENOENT)
		return wrap("take %s out of the table %s", bridge,
			    family->table);
	return 0;
}

int
nat_remove_network(const char *bridge, const struct ipam_subnet *subnet)
{
	auto_free char *name = name_subnet(subnet);
	return remove_network(&ipv4, bridge, name);
}

int
nat_remove_network6(const char *bridge, const struct ipam_subnet6 *subnet)
{
	auto_free char *name = name_subnet6(subnet);
	return remove_network(&ipv6, bridge, name);
}

/* ---- the note ---------------------------------------------------------- */

static int
has_note(const struct family *family, bool *there)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (netlink_open_protocol(&nl, NETLINK_NETFILTER) < 0)
		return -1;
	char buffer[256] __attribute__((aligned(8)));
	struct nlmsghdr *message =
		begin_question(buffer, NFT_MSG_GETSET, 0, family->number);
	mnl_attr_put_strz(message, NFTA_SET_TABLE, NAT_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_NAME, NOTE);
	*there = netlink_request(&nl, message, NULL, NULL) == 0;
	return *there || failure.code == ENOENT ? 0 :
		wrap("look for the note in the table %s", family->table);
}

char *
nat_read_note(bool is_ipv6)
{
	static const char begin[] = " comment \"";
	const struct family *family = is_ipv6 ? &ipv6 : &ipv4;
	auto_free char *list = NULL;
	auto_free char *command = text("list set %s " NOTE "\n",
				       family->table);
	bool there;
	if (has_note(family, &there) < 0 ||
	    (there && nat_run(command, &list) < 0))
		return NULL;
	if (!there) {
		failure.code = ENOENT;
		return NULL;
	}
	char *lines = copy_text("");
	for (char *at = list; (at = strstr(at, begin));) {
		at += strlen(begin);
		auto_free char *before = lines;
		lines = text("%s%.*s\n", before, (int)strcspn(at, "\""), at);
	}
	return lines;
}

static int
remove_table(const struct family *family)
{
	bool there;
	if (has_table(family, &there) < 0)
		return -1;
	auto_free char *command = text("delete table %s\n", family->table);
	if (there && nat_run(command, NULL) < 0 && failure.code != ENOENT)
		return wrap("remove the table %s", family->table);
	return 0;
}

int
nat_remove_table(void)
{
	return remove_table(&ipv4) < 0 || remove_table(&ipv6) < 0 ? -1 : 0;
}

char *
nat_show(void)
{
	char *ruleset = NULL;
	if (nat_run("list table ip " NAT_TABLE "\n", &ruleset) < 0)
		wrap("show the table ip " NAT_TABLE);
	return ruleset;
}

/* ---- ports ------------------------------------------------------------- */

static const struct {
	int number;
	const char *name;
} protocols[] = {
	{ IPPROTO_TCP, "tcp" },
	{ IPPROTO_UDP, "udp" },
	{ IPPROTO_SCTP, "sctp" },
};

const char *
nat_protocol_name(int protocol)
{
	for (size_t i = 0; i < countof(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return NULL;
}

int
nat_protocol_number(const char *name)
{
	for (size_t i = 0; i < countof(protocols); i++)
		if (strcmp(protocols[i].name, name) == 0)
			return protocols[i].number;
	return 0;
}

char *
nat_format_place(const struct nat_port *port, char room[NAT_PLACE_SIZE])
{
	char address[IPAM_ADDRESS6_SIZE];
	if (port->is_ipv6)
		snprintf(room, NAT_PLACE_SIZE, "[%s]:%u",
			 ipam_format6(port->host_address6, address),
			 port->host_port);
	else
		snprintf(room, NAT_PLACE_SIZE, "%s:%u",
			 ipam_format(port->host_address, address),
			 port->host_port);
	return room;
}

int
nat_spread(const struct nat_port *first, size_t count, struct nat_port *ports)
{
	if (count == 0 || first->port + count > 65536 ||
	    (first->host_port && first->host_port + count > 65536))
		return failx("publish: %zu ports from %u on are no range",
			     count, first->host_port);
	for (size_t i = 0; i < count; i++) {
		ports[i] = *first;
		ports[i].port += i;
		if (first->host_port)
			ports[i].host_port += i;
	}
	return 0;
}

static bool
is_any(const uint8_t *bytes)
{
	static const uint8_t zeros[16];
	return memcmp(bytes, zeros, sizeof(zeros)) == 0;
}

/* The addresses of a port, as text; that of the host "" for any. */
static void
name_addresses(const struct nat_port *port, char host[IPAM_ADDRESS6_SIZE],
	       char address[IPAM_ADDRESS6_SIZE])
{
	host[0] = '\0';
	if (port->is_ipv6) {
		if (!is_any(port->host_address6))
			ipam_format6(port->host_address6, host);
		ipam_format6(port->address6, address);
		return;
	}
	if (port->host_address)
		ipam_format(port->host_address, host);
	ipam_format(port->address, address);
}

char *
nat_compose_element(const char *verb, const struct nat_port *port)
{
	const char *protocol = nat_protocol_name(port->protocol);
	bool leads_nowhere = port->is_ipv6 ? is_any(port->address6) :
					     port->address == 0;
	if (!protocol || port->host_port == 0 || port->port == 0 ||
	    leads_nowhere) {
		failx("publish: protocol %d, host port %u, address %x and "
		      "port %u do not make a published port", port->protocol,
		      port->host_port, port->address, port->port);
		return NULL;
	}
	char host[IPAM_ADDRESS6_SIZE], address[IPAM_ADDRESS6_SIZE];
	name_addresses(port, host, address);
	return text("%s element %s %s { %s%s%s . %u : %s . %u }\n", verb,
		    port->is_ipv6 ? ipv6.table : ipv4.table,
		    *host ? "address_ports" : "ports", host,
		    *host ? " . " : "", protocol, port->host_port, address,
		    port->port);
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
	if (count == 0 || nat_run(commands, NULL) == 0)
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
		if (nat_run(commands, NULL) < 0 && failure.code != ENOENT &&
		    failure.code != EEXIST)
			result = wrap("unpublish port %u", ports[i].host_port);
	}
	return result;
}

/* ---- looking at other people's chains ---------------------------------- */

/* The first base chain at the forward hook that drops what no rule of it has
 * accepted, in a table that does not speak of the bridge. */
struct forward_drop {
	const char *bridge;
	bool by_ipv6;
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

/* As nft writes a link, or all whose names begin so: "mydocker*". */
static bool
names_link(const char *ruleset, const char *link)
{
	auto_free char *whole = text("\"%s\"", link);
	bool found = strstr(ruleset, whole);
	for (int length = strlen(link); length > 0 && !found; length--) {
		auto_free char *some = text("\"%.*s*\"", length, link);
		found = strstr(ruleset, some);
	}
	return found;
}

/* What nft lists of it; NULL, too, for a name that it would not take as a
 * word. */
static char *
list_of(const char *kind, const char *family, const char *table,
	const char *chain)
{
	auto_free char *name = text("%s %s %s", family, table, chain);
	auto_free char *command = text("list %s %s\n", kind, name);
	char *ruleset = NULL;
	struct failure unrelated = failure;
	if (name[strspn(name, " abcdefghijklmnopqrstuvwxyz0123456789_-."
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0' &&
	    nat_run(command, &ruleset) < 0)
		failure = unrelated;
	return ruleset;
}

static bool
mentions_bridge(const char *family, const char *table, const char *bridge)
{
	auto_free char *ruleset = list_of("table", family, table, "");
	return ruleset && names_link(ruleset, bridge);
}

/* A policy of accept says nothing where the last rule is for every packet, as
 * firewalld's "reject". */
static bool
ends_in_refusal(const char *family, const char *table, const char *chain)
{
	auto_free char *listing = list_of("chain", family, table, chain);
	const char *last = NULL, *next = listing;
	char verdict[8] = "";
	while (next && (next = strstr(next, "\n\t\t")))
		last = next += strlen("\n\t\t");
	if (last && sscanf(last, "counter packets %*u bytes %*u %7[a-z]",
			   verdict) < 1)
		sscanf(last, "%7[a-z]", verdict);
	return strcmp(verdict, "drop") == 0 || strcmp(verdict, "reject") == 0;
}

/* Of a chain through which packets of ours come, or NULL. */
static const char *
name_family(uint8_t number, bool by_ipv6)
{
	return number == NFPROTO_IPV4		 ? "ip" :
	       number == NFPROTO_INET		 ? "inet" :
	       number == NFPROTO_IPV6 && by_ipv6 ? "ip6" : NULL;
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
	const char *family = name_family(header->nfgen_family, drop->by_ipv6);
	if (drop->chain || !family ||
	    !has_number(found.hook[NFTA_HOOK_HOOKNUM], NF_INET_FORWARD) ||
	    !has_text(found.at[NFTA_CHAIN_TABLE]) ||
	    !has_text(found.at[NFTA_CHAIN_NAME]))
		return 0;
	const char *table = mnl_attr_get_str(found.at[NFTA_CHAIN_TABLE]);
	const char *name = mnl_attr_get_str(found.at[NFTA_CHAIN_NAME]);
	if (strcmp(table, NAT_TABLE) != 0 &&
	    (has_number(found.at[NFTA_CHAIN_POLICY], NF_DROP) ||
	     ends_in_refusal(family, table, name)) &&
	    !mentions_bridge(family, table, drop->bridge))
		drop->chain = text("%s %s %s", family, table, name);
	return 0;
}

int
nat_find_forward_drop(const char *bridge, bool by_ipv6, char **chain)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	*chain = NULL;
	if (netlink_open_protocol(&nl, NETLINK_NETFILTER) < 0)
		return -1;
	char buffer[256] __attribute__((aligned(8)));
	struct forward_drop drop = { .bridge = bridge, .by_ipv6 = by_ipv6 };
	int result = netlink_request(&nl,
				     begin_question(buffer, NFT_MSG_GETCHAIN,
						    NLM_F_DUMP, NFPROTO_UNSPEC),
				     note_forward_drop, &drop);
	auto_free char *found = drop.chain;
	if (result < 0)
		return wrap("look for chains that drop forwarded packets");
	*chain = take_ptr(&found);
	return *chain != NULL;
}
