/*
 * bridge.c - experiment `bridge`: what Docker's default network is made of.
 *
 *	internet 203.0.113.1 ---- 203.0.113.2 host, mydocker0 172.29.0.1
 *	                                       |                |
 *	                                 container-1      container-2
 */
#include "demo.h"

#include <errno.h>
#include <string.h>

#include "netlink.h"
#include "show_bridge.h"
#include "stage.h"

static struct {
	struct container one, two;
	struct net_network network;
	char *before; /* the host, described before there was a network */
} play;

static int
look_before(void)
{
	tour_step("Before: a host with one cable to the Internet, and two "
		  "containers with nothing.");
	play.before = describe_host();
	if (!play.before || net_default(&play.network) < 0)
		return -1;
	show_lines("host", play.before);
	struct box lonely;
	int ttl;
	long us;
	if (box_create(&lonely, "lonely", BOX_NEW, 0, 0) < 0 ||
	    show_box("a container", lonely.netns) < 0)
		return -1;
	bool reached = box_ping(lonely.netns, INTERNET, &ttl, &us) == 0;
	if (!reached)
		tour_show("it pings", "%s", failure.text);
	tour_expect(!reached && failure.code == ENETUNREACH,
		    "a new network namespace has no way to anywhere");
	box_end(&lonely);
	return 0;
}

static int
build(void)
{
	tour_step("A bridge, and a veth pair from it into each container.");
	tour_say("net_reserve() makes the bridge, the nftables table and the "
		 "lease of an address;");
	tour_say("net_attach() makes the pair, one end of it inside, and the "
		 "routes. -v shows each call.");
	if (container_start(&play.one, "container-1", "c0ffee000001",
			    &play.network, NULL, 0) < 0 ||
	    container_start(&play.two, "container-2", "c0ffee000002",
			    &play.network, NULL, 0) < 0)
		return -1;
	return 0;
}

/* Does the kernel say that eth0 inside has this address, and leads out by
 * the bridge? */
static int
check_inside(const struct container *container)
{
	const char *name = container->box.name;
	const char *address = stage_ip(container->endpoint.lease.address);
	const char *gateway = stage_ip(play.network.gateway);
	auto_free char *lines = box_describe(container->box.netns);
	if (!lines)
		return -1;
	show_lines(name, lines);
	auto_free char *has = text("address %s/%u on " NET_LINK "\n", address,
				   play.network.subnet.prefix);
	auto_free char *leads = text("route   0.0.0.0/0 via %s, by " NET_LINK
				     "\n", gateway);
	tour_expect(strstr(lines, has) && strstr(lines, leads),
		    "%s has %s and its default route by %s", name, address,
		    gateway);
	return 0;
}

static int
look_after(void)
{
	const char *gateway = stage_ip(play.network.gateway);
	size_t ports;
	tour_step("After: the host has a bridge with two ports; each "
		  "container an eth0.");
	auto_free char *host = describe_host();
	if (!host)
		return -1;
	show_lines("host", host);
	auto_free char *has = text("address %s/%u on %s\n", gateway,
				   play.network.subnet.prefix,
				   play.network.bridge);
	tour_expect(strstr(host, has) != NULL,
		    "the bridge is the gateway: the host's %s", gateway);
	if (check_inside(&play.one) < 0 || check_inside(&play.two) < 0)
		return -1;
	tour_step("The view of `brctl show`, asked of the kernel.");
	if (show_bridges(&ports) < 0)
		return -1;
	tour_expect(ports == 2, "the bridge has two ports, one end of each "
		    "pair");
	return 0;
}

/* What a neighbour is called below IP: its MAC address, learned by asking. */
static int
show_neighbours(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_neighbour *known = NULL;
	size_t count;
	bool found = false;
	if (netlink_open_in(&nl, play.one.box.netns) < 0 ||
	    netlink_list_neighbours(&nl, AF_INET, &known, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *m = known[i].mac;
		char room[NETLINK_IP_SIZE];
		tour_show("container-1 knows", "%s is at "
			  "%02x:%02x:%02x:%02x:%02x:%02x",
			  netlink_format_ip(&known[i].ip, room), m[0], m[1],
			  m[2], m[3], m[4], m[5]);
		found |= netlink_to_ip4(&known[i].ip) ==
				 play.two.endpoint.lease.address &&
			 memcmp(m, play.two.endpoint.mac, 6) == 0;
	}
	tour_expect(found, "it asked who has that address (ARP): a MAC made "
		    "of 02:42 and the address itself");
	return 0;
}

static int
ping_each_other(void)
{
	tour_step("The containers ping each other.");
	try_ping("container-1 pings", play.one.box.netns,
		 play.two.endpoint.lease.address, 64,
		 "answered, and no router between: the time to live is 64 yet");
	try_ping("container-2 pings", play.two.box.netns,
		 play.one.endpoint.lease.address, 64,
		 "the same the other way round");
	if (show_neighbours() < 0)
		return -1;
	tour_step("And the Internet, which has no route to %s/%u.",
		  stage_ip(play.network.subnet.network),
		  play.network.subnet.prefix);
	try_ping("container-1 pings", play.one.box.netns, INTERNET, 63,
		 "answered through one router, the host: 64 - 1 = 63");
	return 0;
}

static int
clear_away(void)
{
	tour_step("Released: the host is as it was.");
	if (container_end(&play.one, &play.network) < 0 ||
	    container_end(&play.two, &play.network) < 0)
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
run_bridge(void)
{
	tour_say("Docker's docker0 is a bridge, a switch made of software. A "
		 "veth pair is a cable:");
	tour_say("one plug in the switch, the other in the container's "
		 "network namespace.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	if (look_before() < 0 || build() < 0)
		return stage_fail();
	if (look_after() < 0 || ping_each_other() < 0)
		return -1;
	auto_free char *advice =
		text("This is the host; try: ip addr; nft list ruleset; "
		     "nsenter -t %d -n ip addr (inside container-1, where "
		     "that is installed)", play.one.box.pid);
	if (tour_shell(advice) < 0)
		return -1;
	return clear_away();
}

const struct experiment demo_bridge = {
	.name = "bridge",
	.shows = "a docker0-like bridge, gateway and all; two containers ping",
	.run = run_bridge,
	.has_shell = true,
};
