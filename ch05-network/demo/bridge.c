/*
 * bridge.c - experiment `bridge`: what Docker's default network is made of.
 *
 * Nothing of the real host takes part.  The stage puts itself in a network
 * namespace and plays the host there; two boxes (box.h) play containers and a
 * third the Internet, joined to the host by a veth pair as by a cable:
 *
 *	internet 203.0.113.1 ---- 203.0.113.2 host, mydocker0 172.29.0.1
 *	                                       |                |
 *	                                 container-1      container-2
 *
 * (203.0.113.0/24 is set aside for documentation, RFC 5737.)
 */
#include "demo.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "box.h"
#include "net.h"
#include "netlink.h"
#include "ns.h"
#include "sys.h"

#define INTERNET 0xcb007101 /* 203.0.113.1 */
#define UPLINK 0xcb007102   /* 203.0.113.2 */
#define LOOPBACK 0x7f000001 /* 127.0.0.1 */
#define INTERNET_PORT 443
#define SERVER_PORT 80
#define PUBLISHED_PORT 8080
#define PATIENCE_MS 3000 /* TCP asks again after a second */

/* All players.  The endpoints' ids are what a runtime would give them. */
static struct {
	struct box internet, one, two;
	struct net_network network;
	struct net_endpoint at_one, at_two;
	char *before; /* the host, described before there was a network */
} play = {
	.at_one = NET_ENDPOINT("c0ffee000001"),
	.at_two = NET_ENDPOINT("c0ffee000002"),
};

static void
show_lines(const char *what, const char *lines)
{
	auto_free char *copy = copy_text(lines);
	char *rest = copy, *line;
	while ((line = strsep(&rest, "\n")))
		if (*line) {
			tour_show(what, "%s", line);
			what = "";
		}
}

static int
show_box(const char *what, int netns)
{
	auto_free char *lines = box_describe(netns);
	if (!lines)
		return -1;
	show_lines(what, lines);
	return 0;
}

/* ---- the scene --------------------------------------------------------- */

/* One end here, one there; and here the default route leads there. */
static int
lay_cable(struct netlink *nl)
{
	auto_netlink struct netlink there = NETLINK_CLOSED;
	struct netlink_veth cable = { .name = "uplink0",
				      .peer_name = "downlink0",
				      .peer_netns = play.internet.netns };
	struct netlink_ip here_ip = netlink_ip4(UPLINK, 24);
	struct netlink_ip there_ip = netlink_ip4(INTERNET, 24);
	if (netlink_create_veth(nl, &cable) < 0 ||
	    netlink_add_address(nl, "uplink0", &here_ip) < 0 ||
	    netlink_open_in(&there, play.internet.netns) < 0 ||
	    netlink_add_address(&there, "downlink0", &there_ip) < 0 ||
	    netlink_set_up(&there, "downlink0", true) < 0 ||
	    netlink_add_default_route(nl, &there_ip) < 0)
		return wrap("lay the cable to the Internet");
	return 0;
}

static int
set_scene(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (ns_own_mounts() < 0 || tour_scratch() < 0)
		return -1;
	if (sys_unshare(CLONE_NEWNET) < 0)
		return fail("make a network namespace for the host's part");
	prctl(PR_SET_NAME, "host"); /* for --dot */
	/* Where net.c keeps its state: in the scratch directory. */
	setenv("MYDOCKER_RUN", "./run", 1);
	if (netlink_open(&nl) < 0 || netlink_set_up(&nl, "lo", true) < 0 ||
	    box_create(&play.internet, "internet", INTERNET_PORT) < 0 ||
	    box_create(&play.one, "container-1", SERVER_PORT) < 0 ||
	    box_create(&play.two, "container-2", SERVER_PORT) < 0)
		return -1;
	return lay_cable(&nl);
}

/* What must be the same afterwards: links, addresses, routes, forwarding. */
static char *
describe_host(void)
{
	char forward[8];
	auto_free char *lines = box_describe(-1);
	if (!lines || read_text(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward",
				forward, sizeof(forward)) < 0)
		return NULL;
	return text("%sip_forward %s\n", lines, forward);
}

static int
look_before(void)
{
	int ttl;
	long us;
	tour_step("Before: a host with one cable, and two containers with "
		  "nothing.");
	play.before = describe_host();
	if (!play.before)
		return -1;
	show_lines("host", play.before);
	if (show_box("container-1", play.one.netns) < 0 ||
	    show_box("container-2", play.two.netns) < 0)
		return -1;
	bool reached = box_ping(play.one.netns, INTERNET, &ttl, &us) == 0;
	if (!reached)
		tour_show("container-1 pings", "%s", failure.text);
	tour_expect(!reached && failure.code == ENETUNREACH,
		    "a new network namespace has no way to anywhere");
	return 0;
}

/* ---- building ---------------------------------------------------------- */

static int
build(void)
{
	tour_step("A bridge, and a veth pair from it into each container.");
	tour_say("net_reserve() makes the bridge, the nftables table and the "
		 "lease of an address;");
	tour_say("net_attach() makes the pair, one end of it inside, and the "
		 "routes. -v shows each call.");
	struct nat_port port = { .protocol = IPPROTO_TCP,
				 .host_port = PUBLISHED_PORT,
				 .port = SERVER_PORT };
	if (net_default(&play.network) < 0 ||
	    net_reserve(&play.network, &play.at_one, &port, 1) < 0 ||
	    net_attach(&play.network, &play.at_one, play.one.netns) < 0 ||
	    net_reserve(&play.network, &play.at_two, NULL, 0) < 0 ||
	    net_attach(&play.network, &play.at_two, play.two.netns) < 0)
		return -1;
	return 0;
}

/* The view of `brctl show`, asked of the kernel. */
static int
show_bridge(size_t *ports)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	struct netlink_link bridge;
	size_t count;
	if (netlink_open(&nl) < 0 ||
	    netlink_get_link(&nl, play.network.bridge, &bridge) < 0 ||
	    netlink_list_links(&nl, &links, &count) < 0)
		return -1;
	const uint8_t *id = bridge.bridge_id;
	tour_show("bridge name", "%-20s %-12s %s", "bridge id", "STP enabled",
		  "interfaces");
	*ports = 0;
	for (size_t i = 0; i < count; i++) {
		if (links[i].master != bridge.index)
			continue;
		if ((*ports)++ == 0)
			tour_show(bridge.name, "%02x%02x.%02x%02x%02x%02x%02x"
				  "%02x    %-12s %s", id[0], id[1], id[2],
				  id[3], id[4], id[5], id[6], id[7],
				  bridge.bridge_stp ? "yes" : "no",
				  links[i].name);
		else
			tour_show("", "%-20s %-12s %s", "", "", links[i].name);
	}
	return 0;
}

/* Does the kernel say that eth0 inside has this address, and leads out by
 * the bridge? */
static int
check_inside(const struct box *box, const struct net_endpoint *endpoint)
{
	char address[IPAM_ADDRESS_SIZE], gateway[IPAM_ADDRESS_SIZE];
	auto_free char *lines = box_describe(box->netns);
	if (!lines)
		return -1;
	show_lines(box->name, lines);
	auto_free char *has = text("address %s/%u on " NET_LINK "\n",
				   ipam_format(endpoint->lease.address,
					       address),
				   play.network.subnet.prefix);
	auto_free char *leads = text("route   0.0.0.0/0 via %s, by " NET_LINK
				     "\n", ipam_format(play.network.gateway,
						       gateway));
	tour_expect(strstr(lines, has) && strstr(lines, leads),
		    "%s has %s and its default route by %s", box->name,
		    address, gateway);
	return 0;
}

static int
look_after(void)
{
	char gateway[IPAM_ADDRESS_SIZE];
	size_t ports;
	tour_step("After: the host has a bridge with two ports; each "
		  "container an eth0.");
	auto_free char *host = describe_host();
	if (!host)
		return -1;
	show_lines("host", host);
	if (show_bridge(&ports) < 0)
		return -1;
	auto_free char *has = text("address %s/%u on %s\n",
				   ipam_format(play.network.gateway, gateway),
				   play.network.subnet.prefix,
				   play.network.bridge);
	tour_expect(strstr(host, has) != NULL,
		    "the bridge is the gateway: the host's %s", gateway);
	tour_expect(ports == 2, "the bridge has two ports, one end of each "
		    "pair");
	if (check_inside(&play.one, &play.at_one) < 0 ||
	    check_inside(&play.two, &play.at_two) < 0)
		return -1;
	tour_expect(play.at_one.lease.address != play.at_two.lease.address,
		    "no address is given twice");
	return 0;
}

/* ---- packets ----------------------------------------------------------- */

static void
try_ping(const char *what, const struct box *from, uint32_t to, int ttl_wanted,
	 const char *claim)
{
	int ttl = 0;
	long us = 0;
	char room[IPAM_ADDRESS_SIZE];
	bool answered = box_ping(from->netns, to, &ttl, &us) == 0;
	if (answered)
		tour_show(what, "answer from %s: ttl=%d time=%ld.%03ld ms",
			  ipam_format(to, room), ttl, us / 1000, us % 1000);
	else
		tour_show(what, "%s", failure.text);
	tour_expect(answered && ttl == ttl_wanted, "%s", claim);
}

static void
ping_each_other(void)
{
	tour_step("The containers ping each other.");
	try_ping("container-1 pings", &play.one, play.at_two.lease.address, 64,
		 "answered, and no router between: the time to live is 64 yet");
	try_ping("container-2 pings", &play.two, play.at_one.lease.address, 64,
		 "the same the other way round");
}

/* Ask a server, and compare what it says. */
static void
try_ask(const char *what, int netns, uint32_t to, uint16_t port,
	const char *wanted, const char *claim)
{
	char answer[100], room[IPAM_ADDRESS_SIZE];
	ipam_format(to, room);
	bool answered = box_ask(netns, to, port, PATIENCE_MS, answer,
				sizeof(answer)) == 0;
	tour_show(what, "%s:%u says: %s", room, port,
		  answered ? answer : failure.text);
	tour_expect(answered && strcmp(answer, wanted) == 0, "%s", claim);
}

static void
go_out(void)
{
	tour_step("The way out: the Internet has no route to 172.29.0.0/16.");
	tour_say("Masquerade writes the host's own address over the "
		 "container's, and back in the answer.");
	try_ping("container-1 pings", &play.one, INTERNET, 63,
		 "answered through one router, the host: 64 - 1 = 63");
	try_ask("container-2 asks", play.two.netns, INTERNET, INTERNET_PORT,
		"internet sees 203.0.113.2",
		"the Internet sees the host's address, not the container's");
}

static void
come_in(void)
{
	char gateway[IPAM_ADDRESS_SIZE], from_bridge[64];
	snprintf(from_bridge, sizeof(from_bridge), "container-1 sees %s",
		 ipam_format(play.network.gateway, gateway));
	tour_step("The way in: port %d of the host is port %d of container-1.",
		  PUBLISHED_PORT, SERVER_PORT);
	try_ask("the Internet asks", play.internet.netns, UPLINK,
		PUBLISHED_PORT, "container-1 sees 203.0.113.1",
		"from outside, and the container sees who it really is");
	try_ask("the host asks", -1, UPLINK, PUBLISHED_PORT,
		"container-1 sees 203.0.113.2",
		"from the host itself, by its address");
	try_ask("the host asks", -1, LOOPBACK, PUBLISHED_PORT, from_bridge,
		"and by 127.0.0.1, which the gateway stands in for");
	try_ask("container-2 asks", play.two.netns, UPLINK, PUBLISHED_PORT,
		from_bridge, "from its neighbour, by the host's address");
	try_ask("container-1 asks", play.one.netns, UPLINK, PUBLISHED_PORT,
		from_bridge, "and from itself (\"hairpin\")");
}

static void
be_refused(void)
{
	char answer[100];
	tour_step("What must not work.");
	struct net_endpoint third = NET_ENDPOINT("c0ffee000003");
	struct nat_port port = { .protocol = IPPROTO_TCP,
				 .host_port = PUBLISHED_PORT,
				 .port = SERVER_PORT };
	bool taken = net_reserve(&play.network, &third, &port, 1) < 0;
	tour_show("the same port again", "%s",
		  taken ? failure.text : "was given");
	tour_expect(taken && failure.code == EADDRINUSE,
		    "a port is published once; the second is refused at once");
	if (!taken)
		net_release(&play.network, &third);
	/* A neighbour on the cable who sets a route to our containers. */
	auto_netlink struct netlink there = NETLINK_CLOSED;
	struct netlink_ip subnet = netlink_ip4(play.network.subnet.network,
					       play.network.subnet.prefix);
	struct netlink_ip host = netlink_ip4(UPLINK, 0);
	bool routed =
		netlink_open_in(&there, play.internet.netns) == 0 &&
		netlink_add_route(&there, &subnet, &host) == 0;
	bool reached = box_ask(play.internet.netns, play.at_two.lease.address,
			       SERVER_PORT, PATIENCE_MS / 6, answer,
			       sizeof(answer)) == 0;
	tour_show("past the published port", "%s",
		  reached ? answer : failure.text);
	tour_expect(routed && !reached,
		    "what is not published is not reached, even with a route");
}

/* ---- the end ----------------------------------------------------------- */

static int
clear_away(void)
{
	tour_step("Released: the host is as it was.");
	if (net_release(&play.network, &play.at_one) < 0 ||
	    net_release(&play.network, &play.at_two) < 0)
		return -1;
	auto_free char *host = describe_host();
	bool has_table;
	if (!host || nat_has_table(&has_table) < 0)
		return -1;
	show_lines("host", host);
	tour_expect(strcmp(host, play.before) == 0,
		    "links, addresses, routes and ip_forward are as before");
	tour_expect(!has_table, "the nftables table is gone");
	net_close(&play.network);
	free_scoped(&play.before);
	return 0;
}

static int
perform(void)
{
	if (look_before() < 0)
		return -1;
	if (build() < 0) {
		if (failure.code == EOPNOTSUPP)
			return tour_skip("needs bridges, veth pairs and "
					 "nftables in the kernel; found: %s",
					 failure.text);
		return -1;
	}
	if (look_after() < 0)
		return -1;
	ping_each_other();
	go_out();
	come_in();
	be_refused();
	auto_free char *advice =
		text("This is the host; try: ip addr; nft list ruleset; "
		     "nsenter -t %d -n ip addr (inside container-1, where "
		     "that is installed)", play.one.pid);
	if (tour_shell(advice) < 0)
		return -1;
	return clear_away();
}

static int
run_bridge(void)
{
	tour_say("Docker's docker0 is a bridge, a switch made of software. A "
		 "veth pair is a cable:");
	tour_say("one plug in the switch, the other in the container's "
		 "network namespace.");
	if (ns_become_root() < 0)
		return tour_skip("needs root or user namespaces: %s",
				 failure.text);
	if (set_scene() < 0)
		return -1;
	return perform();
}

const struct experiment demo_bridge = {
	.name = "bridge",
	.shows = "a docker0-like bridge, two containers, the way out and in",
	.run = run_bridge,
	.has_shell = true,
};
