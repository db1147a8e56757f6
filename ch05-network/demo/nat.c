/*
 * nat.c - experiment `nat`: the way out.  What a packet says where it comes
 * from, when it leaves a container and when it arrives.
 */
#include "demo.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrack.h"
#include "ipam.h"
#include "stage.h"

#define CHOSEN_PORT 40000
#define FORWARD "/proc/sys/net/ipv4/ip_forward"

static struct {
	struct net_network network;
	struct container one, two;
} play;

/* ---- what arrives ------------------------------------------------------ */

/* Everything that the Internet's link receives, seen below all rules. */
static int
open_capture(void)
{
	return box_socket(stage_internet.netns, AF_PACKET, SOCK_DGRAM,
			  htons(ETH_P_IP));
}

static bool
is_syn(const char *packet, ssize_t length, struct flow_end *seen)
{
	struct iphdr ip;
	struct tcphdr tcp;
	if (length < (ssize_t)(sizeof(ip) + sizeof(tcp)))
		return false;
	memcpy(&ip, packet, sizeof(ip));
	if (ip.protocol != IPPROTO_TCP ||
	    length < (ssize_t)(ip.ihl * 4 + sizeof(tcp)))
		return false;
	memcpy(&tcp, packet + ip.ihl * 4, sizeof(tcp));
	*seen = (struct flow_end){ ntohl(ip.saddr), ntohl(ip.daddr),
				   ntohs(tcp.source), ntohs(tcp.dest) };
	return tcp.syn && !tcp.ack;
}

/* The first packet of the next connection that arrives. */
static int
see_arrival(int capture, struct flow_end *seen)
{
	char packet[2048];
	while (box_wait(capture, PATIENCE_MS)) {
		ssize_t length = recv(capture, packet, sizeof(packet), 0);
		if (length < 0)
			return fail("look at a packet");
		if (is_syn(packet, length, seen))
			return 0;
	}
	return failx("no packet has arrived");
}

static int
show_arrival(int capture, struct flow_end *seen)
{
	if (see_arrival(capture, seen) < 0)
		return -1;
	auto_free char *words = flow_words(IPPROTO_TCP, seen);
	tour_show("arrives at the Internet", "%s", words);
	return 0;
}

/* ---- without and with -------------------------------------------------- */

static int
build(void)
{
	if (net_default(&play.network) < 0 ||
	    container_start(&play.one, "container-1", "c0ffee000001",
			    &play.network, NULL, 0) < 0 ||
	    container_start(&play.two, "container-2", "c0ffee000002",
			    &play.network, NULL, 0) < 0)
		return -1;
	return 0;
}

static int
without_rules(int capture)
{
	struct flow_end seen;
	tour_step("A router alone: ip_forward is 1, and no rule changes an "
		  "address.");
	if (nat_remove_table() < 0)
		return -1;
	try_not("container-1 asks", play.one.box.netns, INTERNET_IP,
		INTERNET_PORT, "no answer comes back");
	if (show_arrival(capture, &seen) < 0)
		return -1;
	tour_expect(seen.from == play.one.endpoint.lease.address,
		    "the question did arrive; but nobody out there has a "
		    "route to %s", stage_ip(seen.from));
	return 0;
}

static int
with_masquerade(void)
{
	struct flow_end seen;
	struct flow flow;
	tour_step("Masquerade: the host writes its own address over the "
		  "container's.");
	if (nat_add_network(play.network.bridge, &play.network.subnet) < 0)
		return -1;
	auto_free char *rules = nat_show();
	if (!rules)
		return -1;
	show_matching("of the table ip mydocker", rules, "@bridges masq");
	/* A new one: the last question was asked again until now. */
	auto_close int fresh = open_capture();
	if (fresh < 0)
		return -1;
	try_ask("container-1 asks", play.one.box.netns, IPPROTO_TCP,
		INTERNET_IP, INTERNET_PORT, "internet:443 sees " UPLINK_IP,
		"answered: to the Internet it is the host who asks");
	if (show_arrival(fresh, &seen) < 0 ||
	    conntrack_find(IPPROTO_TCP, INTERNET, INTERNET_PORT, &flow) < 0)
		return -1;
	auto_free char *out = flow_words(flow.protocol, &flow.original);
	auto_free char *back = flow_words(flow.protocol, &flow.reply);
	tour_show("the host remembers", "%s", out);
	tour_show("and awaits as its answer", "%s", back);
	tour_expect(flow.original.from == play.one.endpoint.lease.address &&
		    flow.reply.to == seen.from &&
		    flow.reply.to_port == seen.from_port,
		    "that is the whole memory of NAT: what left, and what is "
		    "to come back");
	return 0;
}

/* ---- two with one port ------------------------------------------------- */

/* A connection from a port of our choice, still open. */
static int
connect_from(int netns, uint16_t port)
{
	auto_close int fd = box_socket(netns, AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(port) };
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_port = htons(INTERNET_PORT),
				     .sin_addr.s_addr = htonl(INTERNET) };
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		return fail("connect from port %u", port);
	return take_fd(&fd);
}

static int
one_port_for_two(void)
{
	struct flow_end first, second;
	tour_step("Both containers, from the same port %d, to the same "
		  "server.", CHOSEN_PORT);
	auto_close int capture = open_capture();
	auto_close int a = connect_from(play.one.box.netns, CHOSEN_PORT);
	if (capture < 0 || a < 0 || show_arrival(capture, &first) < 0)
		return -1;
	auto_close int b = connect_from(play.two.box.netns, CHOSEN_PORT);
	if (b < 0 || show_arrival(capture, &second) < 0)
		return -1;
	tour_expect(first.from == second.from &&
		    first.from_port != second.from_port,
		    "one address, and so another port: or no answer would "
		    "find its way");
	return 0;
}

/* ---- what is left alone ------------------------------------------------ */

static void
left_alone(void)
{
	auto_free char *real =
		text("container-2:80 sees %s",
		     stage_ip(play.one.endpoint.lease.address));
	tour_step("What is not changed.");
	try_ask("container-1 asks", play.one.box.netns, IPPROTO_TCP,
		stage_ip(play.two.endpoint.lease.address), SERVER_PORT, real,
		"between containers: the one sees who the other is");
	try_ask("the host asks", -1, IPPROTO_TCP, INTERNET_IP, INTERNET_PORT,
		"internet:443 sees " UPLINK_IP,
		"what the host itself sends had its address already");
}

static int
without_forwarding(void)
{
	tour_step("And all of it takes a switch: net.ipv4.ip_forward.");
	if (write_text(AT_FDCWD, FORWARD, "0") < 0)
		return -1;
	tour_show("echo 0 >", FORWARD);
	try_not("container-1 asks", play.one.box.netns, INTERNET_IP,
		INTERNET_PORT, "the host is no router any more, and says "
		"nothing about it");
	if (write_text(AT_FDCWD, FORWARD, "1") < 0)
		return -1;
	tour_show("echo 1 >", FORWARD);
	try_ask("container-1 asks", play.one.box.netns, IPPROTO_TCP,
		INTERNET_IP, INTERNET_PORT, "internet:443 sees " UPLINK_IP,
		"and again it is");
	return 0;
}

static int
clear_away(void)
{
	char forward[8];
	tour_step("The last container goes.");
	if (container_end(&play.one, &play.network) < 0 ||
	    container_end(&play.two, &play.network) < 0 ||
	    read_text(AT_FDCWD, FORWARD, forward, sizeof(forward)) < 0)
		return -1;
	tour_show("ip_forward", "%s", forward);
	tour_expect(strcmp(forward, "0") == 0,
		    "forwarding is off again, as it was found");
	net_close(&play.network);
	return 0;
}

static int
run_nat(void)
{
	tour_say("A container's address means nothing outside of its host: "
		 "10/8, 172.16/12 and 192.168/16");
	tour_say("are everybody's, and no router of the Internet knows a way "
		 "there.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	auto_close int capture = open_capture();
	if (capture < 0 || build() < 0)
		return stage_fail();
	if (without_rules(capture) < 0 || with_masquerade() < 0 ||
	    one_port_for_two() < 0)
		return stage_fail();
	left_alone();
	if (without_forwarding() < 0)
		return -1;
	auto_free char *advice =
		text("This is the host; try: nft list table ip mydocker; "
		     "conntrack -L; nsenter -t %d -n (into container-1)",
		     play.one.box.pid);
	if (tour_shell(advice) < 0)
		return -1;
	return clear_away();
}

const struct experiment demo_nat = {
	.name = "nat",
	.shows = "masquerade to the outside, seen from both sides",
	.run = run_nat,
	.has_shell = true,
};
