/*
 * isolate.c - experiment `isolate`: two networks that do not see each other,
 * and another program's firewall that lets nobody through.
 */
#include "demo.h"

#include <errno.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "stage.h"
#include "trace.h"

enum { WEB_PORT = 8080, QUIET_MS = 150 };

#define BRIDGE_SWITCH "/proc/sys/net/bridge/bridge-nf-call-iptables"

static struct {
	struct net_network red, blue;
	struct container one, two, other; /* two in red, one in blue */
} play;

/* What Docker and ufw leave on a host: what is not expected is dropped. */
static const char docker_like[] =
	"add table ip filter\n"
	"add chain ip filter FORWARD"
	" { type filter hook forward priority 0; policy drop; }\n"
	"add rule ip filter FORWARD oifname docker0"
	" ct state related,established accept\n"
	"add rule ip filter FORWARD iifname docker0 accept\n";

static const char watch_table[] =
	"add table ip watch\n"
	"add chain ip watch arrives"
	" { type filter hook prerouting priority -350; }\n"
	"add rule ip watch arrives tcp flags & syn == syn"
	" meta nftrace set 1\n";

/* ---- two networks ------------------------------------------------------ */

static int
build(void)
{
	struct nat_port port = { .protocol = IPPROTO_TCP,
				 .host_port = WEB_PORT, .port = SERVER_PORT };
	tour_step("Two networks on one host.");
	if (net_default(&play.red) < 0 ||
	    net_open(&play.blue, "blue", "mydocker1", NULL) < 0 ||
	    container_start(&play.one, "red-1", "c0ffee000001", &play.red,
			    NULL, 0) < 0 ||
	    container_start(&play.two, "red-2", "c0ffee000002", &play.red,
			    NULL, 0) < 0 ||
	    container_start(&play.other, "blue-1", "c0ffee000003", &play.blue,
			    &port, 1) < 0)
		return -1;
	auto_free char *host = describe_host();
	if (!host)
		return -1;
	show_matching("host", host, "mydocker");
	tour_expect(!ipam_overlap(&play.red.subnet, &play.blue.subnet),
		    "each has a subnet of its own, and the host, a router, a "
		    "route to both");
	return 0;
}

/* Which chain ends it, as the kernel tells: "ip mydocker forward". */
static char *
find_drop(const struct box *from, const char *to)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct trace_event *read = NULL;
	char answer[100];
	size_t count;
	char *found = NULL;
	if (nat_run(watch_table, NULL) < 0 || trace_open(&nl) < 0)
		return NULL;
	box_ask(from->netns, IPPROTO_TCP, to, SERVER_PORT, SHORT_MS, answer,
		sizeof(answer));
	int result = trace_read(&nl, QUIET_MS, &read, &count);
	auto_free struct trace_event *events = read;
	for (size_t i = 0; result == 0 && !found && i < count; i++)
		if (events[i].verdict == NF_DROP)
			found = text("ip %s %s", events[i].table,
				     events[i].chain);
	nat_run("delete table ip watch\n", NULL);
	if (!found && result == 0)
		failx("nothing was dropped");
	return found;
}

static int
keep_apart(void)
{
	const char *blue = stage_ip(play.other.endpoint.lease.address);
	const char *red = stage_ip(play.two.endpoint.lease.address);
	auto_free char *real =
		text("red-2:80 sees %s",
		     stage_ip(play.one.endpoint.lease.address));
	tour_step("Within one network, and across.");
	try_ask("red-1 asks red-2", play.one.box.netns, IPPROTO_TCP, red,
		SERVER_PORT, real, "within red: answered");
	try_not("red-1 asks blue-1", play.one.box.netns, blue, SERVER_PORT,
		"from red to blue: not");
	try_not("blue-1 asks red-2", play.other.box.netns, red, SERVER_PORT,
		"from blue to red: not");
	auto_free char *chain = find_drop(&play.one.box, blue);
	tour_show("who drops it", "%s", chain ? chain : failure.text);
	tour_expect(chain && strcmp(chain, "ip mydocker forward") == 0,
		    "our own chain, as nftables' trace says");
	auto_free char *rules = nat_show();
	if (!rules)
		return -1;
	show_matching("what passes to a bridge", rules, "ct st");
	show_matching("", rules, "@within");
	tour_expect(strstr(rules, "iifname . oifname @within accept") != NULL,
		    "an answer, what was published, and what stays in its "
		    "network");
	try_ask("red-1 asks the host", play.one.box.netns, IPPROTO_TCP,
		UPLINK_IP, WEB_PORT, "blue-1:80 sees 172.30.0.1",
		"blue's published port is published to red as well");
	return 0;
}

/* ---- somebody else's firewall ------------------------------------------ */

static int
meet_a_firewall(void)
{
	tour_step("Another program's firewall: a FORWARD chain whose policy "
		  "is drop.");
	tour_say("Docker sets it so that a host that forwards for its "
		 "containers forwards for nobody else.");
	char *warning = net_forward_warning(&play.red);
	tour_expect(!warning, "so far there is none");
	free(warning);
	try_ask("red-1 asks", play.one.box.netns, IPPROTO_TCP, INTERNET_IP,
		INTERNET_PORT, "internet:443 sees " UPLINK_IP,
		"the way out is open");
	if (nat_run(docker_like, NULL) < 0)
		return -1;
	tour_show("added", "chain ip filter FORWARD, policy drop");
	try_not("red-1 asks", play.one.box.netns, INTERNET_IP, INTERNET_PORT,
		"shut, although our own chain accepts: every chain of a hook "
		"has to");
	auto_free char *chain = find_drop(&play.one.box, INTERNET_IP);
	auto_free char *advice = net_forward_warning(&play.red);
	tour_show("who drops it", "%s", chain ? chain : failure.text);
	tour_show("detected", "%s", advice ? advice : "nothing");
	tour_expect(advice && strstr(advice, "ip filter FORWARD") &&
		    strstr(advice, play.red.bridge),
		    "it is named, with the rule that lets our bridge through");
	return 0;
}

/* With br_netfilter what a bridge passes from port to port is forwarded by
 * IP's rules, too; and they drop it. */
static void
meet_br_netfilter(void)
{
	char value[8] = "";
	char answer[100];
	struct failure unrelated = failure;
	bool called = read_text(AT_FDCWD, BRIDGE_SWITCH, value,
				sizeof(value)) >= 0 && strcmp(value, "1") == 0;
	failure = unrelated;
	bool reached = box_ask(play.one.box.netns, IPPROTO_TCP,
			       stage_ip(play.two.endpoint.lease.address),
			       SERVER_PORT, SHORT_MS, answer,
			       sizeof(answer)) == 0;
	tour_show("bridge-nf-call-iptables", "%s",
		  *value ? value : "is not there: br_netfilter is not loaded");
	tour_show("red-1 asks red-2", "%s", reached ? answer : failure.text);
	tour_expect(reached == !called, "two on one bridge reach each other "
		    "then %s", called ? "only if IP's rules let them (1)" :
		    "without IP's rules");
}

static int
open_for_one(void)
{
	tour_step("The rule that lets only our bridge through.");
	auto_free char *rules =
		text("insert rule ip filter FORWARD iifname %s accept\n"
		     "insert rule ip filter FORWARD oifname %s accept\n",
		     play.red.bridge, play.red.bridge);
	if (nat_run(rules, NULL) < 0)
		return -1;
	show_lines("nft", rules);
	char *warning = net_forward_warning(&play.red);
	tour_expect(!warning, "the warning is gone: the table speaks of our "
		    "bridge");
	free(warning);
	try_ask("red-1 asks", play.one.box.netns, IPPROTO_TCP, INTERNET_IP,
		INTERNET_PORT, "internet:443 sees " UPLINK_IP,
		"red has its way out again");
	try_not("blue-1 asks", play.other.box.netns, INTERNET_IP,
		INTERNET_PORT, "blue has not: nobody but red was let through");
	try_not("red-1 asks blue-1", play.one.box.netns,
		stage_ip(play.other.endpoint.lease.address), SERVER_PORT,
		"and the two are as far apart as before");
	return 0;
}

static int
clear_away(void)
{
	bool has_table;
	if (container_end(&play.one, &play.red) < 0 ||
	    container_end(&play.two, &play.red) < 0 ||
	    container_end(&play.other, &play.blue) < 0 ||
	    nat_has_table(&has_table) < 0)
		return -1;
	char *left = NULL;
	if (nat_run("list tables\n", &left) < 0)
		return -1;
	auto_free char *tables = left;
	tour_step("The containers go.");
	show_lines("nft list tables", tables);
	tour_expect(!has_table && strcmp(tables, "table ip filter\n") == 0,
		    "our table is gone, and the other program's is as it was");
	net_close(&play.red);
	net_close(&play.blue);
	return 0;
}

static int
run_isolate(void)
{
	tour_say("A host that forwards is a router between all its networks, "
		 "unless something stops it.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	if (build() < 0)
		return stage_fail();
	if (keep_apart() < 0 || meet_a_firewall() < 0)
		return stage_fail();
	meet_br_netfilter();
	if (open_for_one() < 0)
		return -1;
	auto_free char *advice =
		text("This is the host; try: nft list ruleset; nsenter -t %d "
		     "-n (into red-1)", play.one.box.pid);
	if (tour_shell(advice) < 0)
		return -1;
	return clear_away();
}

const struct experiment demo_isolate = {
	.name = "isolate",
	.shows = "two networks apart; a firewall that drops, detected",
	.run = run_isolate,
	.has_shell = true,
};
