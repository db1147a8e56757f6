/* stage.c - see stage.h. */
#include "stage.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "netlink.h"
#include "ns.h"
#include "sys.h"
#include "tour.h"

struct box stage_internet = { .pidfd = -1, .netns = -1 };

/* ---- setting ----------------------------------------------------------- */

/* One end's addresses; and the default routes, by the other end's. */
static int
set_end(struct netlink *nl, const char *link, const char *const *own,
	const char *const *other, size_t count)
{
	struct netlink_ip ip, gateway;
	for (size_t i = 0; i < count; i++)
		if (netlink_parse_ip(own[i], &ip) < 0 ||
		    netlink_add_address(nl, link, &ip) < 0)
			return -1;
	if (netlink_set_up(nl, link, true) < 0)
		return -1;
	for (size_t i = 0; other && i < count; i++)
		if (netlink_parse_ip(other[i], &gateway) < 0 ||
		    netlink_add_default_route(nl, &gateway) < 0)
			return -1;
	return 0;
}

/* One end here, one there; and here the default route leads there. */
static int
lay_cable(struct netlink *nl, bool has_ipv6)
{
	static const char *const here[] = { UPLINK_IP "/24", UPLINK_IP6 "/64" };
	static const char *const there[] = { INTERNET_IP "/24",
					     INTERNET_IP6 "/64" };
	static const char *const gateways[] = { INTERNET_IP, INTERNET_IP6 };
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	struct netlink_veth cable = { .name = "uplink0",
				      .peer_name = "downlink0",
				      .peer_netns = stage_internet.netns };
	size_t families = has_ipv6 ? 2 : 1;
	if (netlink_create_veth(nl, &cable) < 0 ||
	    netlink_open_in(&inside, stage_internet.netns) < 0 ||
	    set_end(&inside, "downlink0", there, NULL, families) < 0 ||
	    set_end(nl, "uplink0", here, gateways, families) < 0)
		return wrap("lay the cable to the Internet");
	return 0;
}

/* A new namespace begins with the switches that the real host has: be no
 * router.  A write that changes nothing does not reach the interfaces. */
static int
stop_forwarding(void)
{
	static const char *const switches[] = {
		"/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/net/ipv6/conf/all/forwarding",
	};
	for (size_t i = 0; i < countof(switches); i++)
		if ((write_text(AT_FDCWD, switches[i], "1") < 0 ||
		     write_text(AT_FDCWD, switches[i], "0") < 0) &&
		    failure.code != ENOENT)
			return -1;
	return 0;
}

static int
set(int wanted)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (ns_own_mounts() < 0 || tour_scratch() < 0)
		return -1;
	if (sys_unshare(CLONE_NEWNET) < 0)
		return fail("make a network namespace for the host's part");
	prctl(PR_SET_NAME, "host"); /* for --dot */
	/* Where net.c keeps its state: in the scratch directory. */
	setenv("MYDOCKER_RUN", "./run", 1);
	if (stop_forwarding() < 0 || netlink_open(&nl) < 0 ||
	    netlink_set_up(&nl, "lo", true) < 0)
		return -1;
	if (!(wanted & STAGE_INTERNET))
		return 0;
	if (box_create(&stage_internet, "internet", BOX_NEW, INTERNET_PORT,
		       1) < 0)
		return -1;
	return lay_cable(&nl, wanted & STAGE_IPV6);
}

/* nf_tables says ENOENT for a chain or an expression that it has not. */
int
stage_fail(void)
{
	bool lacks_rules = failure.code == ENOENT &&
			   strstr(failure.text, "nftables");
	if (failure.code == EOPNOTSUPP || failure.code == EAFNOSUPPORT ||
	    failure.code == EPROTONOSUPPORT || lacks_rules)
		return tour_skip("needs bridges, veth pairs, nftables and "
				 "conntrack in the kernel; found: %s",
				 failure.text);
	return -1;
}

int
stage_open(int wanted)
{
	if (ns_become_root() < 0)
		return tour_skip("needs root or user namespaces: %s",
				 failure.text);
	if ((wanted & STAGE_IPV6) &&
	    access("/proc/sys/net/ipv6", F_OK) < 0)
		return tour_skip("needs IPv6 in the kernel; found no "
				 "/proc/sys/net/ipv6");
	return set(wanted) < 0 ? stage_fail() : 0;
}

/* ---- showing ----------------------------------------------------------- */

const char *
stage_ip(uint32_t address)
{
	static char rooms[4][IPAM_ADDRESS_SIZE];
	static unsigned int next;
	return ipam_format(address, rooms[next++ % countof(rooms)]);
}

void
show_lines(const char *what, const char *lines)
{
	show_matching(what, lines, "");
}

void
show_matching(const char *what, const char *lines, const char *part)
{
	auto_free char *copy = copy_text(lines);
	char *rest = copy, *line;
	while ((line = strsep(&rest, "\n")))
		if (*(line += strspn(line, "\t")) && strstr(line, part)) {
			tour_show(what, "%s", line);
			what = "";
		}
}

int
show_box(const char *what, int netns)
{
	auto_free char *lines = box_describe(netns);
	if (!lines)
		return -1;
	show_lines(what, lines);
	return 0;
}

char *
describe_host(void)
{
	char forward[8], forward6[8] = "0";
	auto_free char *lines = box_describe(-1);
	if (!lines || read_text(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward",
				forward, sizeof(forward)) < 0)
		return NULL;
	struct failure unrelated = failure;
	if (read_text(AT_FDCWD, "/proc/sys/net/ipv6/conf/all/forwarding",
		      forward6, sizeof(forward6)) < 0)
		failure = unrelated;
	return text("%sip_forward %s, of IPv6 %s\n", lines, forward, forward6);
}

/* ---- trying ------------------------------------------------------------ */

void
try_ping(const char *what, int netns, uint32_t to, int ttl_wanted,
	 const char *claim)
{
	int ttl = 0;
	long us = 0;
	bool answered = box_ping(netns, to, &ttl, &us) == 0;
	if (answered)
		tour_show(what, "answer from %s: ttl=%d time=%ld.%03ld ms",
			  stage_ip(to), ttl, us / 1000, us % 1000);
	else
		tour_show(what, "%s", failure.text);
	tour_expect(answered && ttl == ttl_wanted, "%s", claim);
}

void
try_ask(const char *what, int netns, int protocol, const char *to,
	uint16_t port, const char *wanted, const char *claim)
{
	char answer[100];
	bool answered = box_ask(netns, protocol, to, port, PATIENCE_MS, answer,
				sizeof(answer)) == 0;
	tour_show(what, strchr(to, ':') ? "[%s]:%u says: %s" : "%s:%u says: %s",
		  to, port, answered ? answer : failure.text);
	tour_expect(answered && strcmp(answer, wanted) == 0, "%s", claim);
}

void
try_not(const char *what, int netns, const char *to, uint16_t port,
	const char *claim)
{
	char answer[100];
	bool answered = box_ask(netns, IPPROTO_TCP, to, port, SHORT_MS, answer,
				sizeof(answer)) == 0;
	tour_show(what, "%s", answered ? answer : failure.text);
	tour_expect(!answered, "%s", claim);
}

/* ---- containers -------------------------------------------------------- */

int
container_start(struct container *container, const char *name, const char *id,
		struct net_network *network, const struct nat_port *ports,
		size_t count)
{
	container->endpoint = (struct net_endpoint)NET_ENDPOINT(id);
	if (box_create(&container->box, name, BOX_NEW, SERVER_PORT, 3) < 0 ||
	    net_reserve(network, &container->endpoint, ports, count) < 0)
		return wrap("start %s", name);
	if (net_attach(network, &container->endpoint, container->box.netns) <
	    0) {
		struct failure reason = failure;
		net_release(network, &container->endpoint);
		failure = reason;
		return wrap("start %s", name);
	}
	return 0;
}

int
container_end(struct container *container, const struct net_network *network)
{
	int result = net_release(network, &container->endpoint);
	box_end(&container->box);
	return result;
}
