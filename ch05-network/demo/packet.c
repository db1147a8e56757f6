/*
 * packet.c - experiment `packet`: one connection followed hook by hook, with
 * the addresses that its packets have before and after each, in both
 * directions.
 *
 * nftables itself tells (trace.h).  A table of the experiment's own, `watch`,
 * has an empty chain before and after each place where an address may change;
 * so what is seen is seen there, and not concluded.
 */
#include "demo.h"

#include <netinet/in.h> /* before linux/in.h, which then steps back */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "conntrack.h"
#include "netlink.h"
#include "stage.h"
#include "trace.h"

enum { WEB_PORT = 8080, QUIET_MS = 150, MAX_STOPS = 32 };

/* Only the first packet of a connection and the answer to it: SYN, SYN+ACK. */
static const char watch_table[] =
	"add table ip watch\n"
	"add chain ip watch arrives"
	" { type filter hook prerouting priority -350; }\n"
	"add chain ip watch routed"
	" { type filter hook prerouting priority -50; }\n"
	"add chain ip watch local"
	" { type filter hook input priority 0; }\n"
	"add chain ip watch sent"
	" { type filter hook output priority -350; }\n"
	"add chain ip watch rerouted"
	" { type filter hook output priority -50; }\n"
	"add chain ip watch passes"
	" { type filter hook forward priority -50; }\n"
	"add chain ip watch leaves"
	" { type filter hook postrouting priority 50; }\n"
	"add chain ip watch left"
	" { type filter hook postrouting priority 350; }\n"
	"add rule ip watch arrives tcp flags & syn == syn"
	" meta nftrace set 1\n"
	"add rule ip watch sent tcp flags & syn == syn"
	" meta nftrace set 1\n";

/* Every chain that a packet can come through here, and where it hangs. */
static const struct place {
	const char *table, *chain, *hook;
	int priority;
} places[] = {
	{ "watch", "arrives", "PREROUTING", -350 },
	{ "mydocker", "guard", "PREROUTING", -300 },
	{ "mydocker", "prerouting", "PREROUTING", -100 },
	{ "mydocker", "publish", "called", 0 },
	{ "watch", "routed", "PREROUTING", -50 },
	{ "watch", "local", "INPUT", 0 },
	{ "watch", "sent", "OUTPUT", -350 },
	{ "mydocker", "output", "OUTPUT", -100 },
	{ "watch", "rerouted", "OUTPUT", -50 },
	{ "watch", "passes", "FORWARD", -50 },
	{ "mydocker", "forward", "FORWARD", 0 },
	{ "watch", "leaves", "POSTROUTING", 50 },
	{ "mydocker", "postrouting", "POSTROUTING", 100 },
	{ "watch", "left", "POSTROUTING", 350 },
};

static struct {
	struct net_network network;
	struct container web;
} play;

/* A packet as it came to one chain, and what became of it there. */
struct stop {
	const struct place *place;
	struct flow_end flow;
	char verdict[16];
	int in, out;
};

struct path {
	struct stop stops[MAX_STOPS];
	size_t count;
};

/* ---- reading the events ------------------------------------------------ */

static const struct place *
find_place(const struct trace_event *event)
{
	for (size_t i = 0; i < countof(places); i++)
		if (strcmp(places[i].table, event->table) == 0 &&
		    strcmp(places[i].chain, event->chain) == 0)
			return &places[i];
	return NULL;
}

static const char *
verdict_word(const struct trace_event *event)
{
	switch ((int)event->verdict) {
	case NF_ACCEPT:
		return "accept";
	case NF_DROP:
		return "drop";
	case NFT_JUMP:
		return "jump";
	case NFT_CONTINUE:
		return "goes on";
	case NFT_RETURN:
		return "returns";
	}
	return "?";
}

/* Events come in the order of what happened; the first of each chain has the
 * packet, the last the verdict. */
static void
add_event(struct path *path, const struct trace_event *event)
{
	const struct place *place = find_place(event);
	struct stop *last = path->count ? &path->stops[path->count - 1] : NULL;
	if (!place)
		return;
	if (last && last->place == place) {
		snprintf(last->verdict, sizeof(last->verdict), "%s",
			 verdict_word(event));
		return;
	}
	if (path->count == MAX_STOPS)
		return;
	struct stop *stop = &path->stops[path->count++];
	*stop = (struct stop){ .place = place, .in = event->in,
			       .out = event->out };
	snprintf(stop->verdict, sizeof(stop->verdict), "%s",
		 verdict_word(event));
	if (event->has_flow)
		stop->flow = event->flow;
	else if (last) /* a chain that was called from another */
		stop->flow = last->flow;
}

static bool
is_of_answer(const struct trace_event *events, size_t count, uint32_t packet)
{
	for (size_t i = 0; i < count; i++)
		if (events[i].packet == packet && events[i].has_flow)
			return events[i].is_answer;
	return false;
}

/* Not by the packet's number alone: with br_netfilter it gets another one on
 * its way from the bridge to the host's own rules. */
static void
sort_out(const struct trace_event *events, size_t count, struct path *there,
	 struct path *back)
{
	for (size_t i = 0; i < count; i++)
		add_event(is_of_answer(events, count, events[i].packet) ?
				  back : there, &events[i]);
}

/* ---- showing ----------------------------------------------------------- */

static void
show_path(const char *what, const struct path *path)
{
	tour_show(what, "%-20s %-7s %s", "chain", "verdict",
		  "the packet as it comes in");
	for (size_t i = 0; i < path->count; i++) {
		const struct stop *stop = &path->stops[i];
		char hook[40];
		auto_free char *chain =
			text("%s %s", stop->place->table, stop->place->chain);
		auto_free char *flow = flow_words(IPPROTO_TCP, &stop->flow);
		if (strcmp(stop->place->hook, "called") == 0)
			snprintf(hook, sizeof(hook), "  (called)");
		else
			snprintf(hook, sizeof(hook), "  %s %d",
				 stop->place->hook, stop->place->priority);
		tour_show(hook, "%-20s %-7s %s", chain, stop->verdict,
			  flow + strlen("tcp "));
	}
}

/* The packet as it came to this chain of `watch`; NULL when it never did. */
static const struct flow_end *
seen_at(const struct path *path, const char *chain)
{
	for (size_t i = 0; i < path->count; i++)
		if (strcmp(path->stops[i].place->table, "watch") == 0 &&
		    strcmp(path->stops[i].place->chain, chain) == 0)
			return &path->stops[i].flow;
	return NULL;
}

static bool
is_same(const struct flow_end *a, const struct flow_end *b)
{
	return a && b && a->from == b->from && a->to == b->to &&
	       a->from_port == b->from_port && a->to_port == b->to_port;
}

static void
show_change(const char *hook, const struct flow_end *before,
	    const struct flow_end *after)
{
	if (!before || !after)
		return;
	auto_free char *from = flow_words(IPPROTO_TCP, before);
	auto_free char *to = flow_words(IPPROTO_TCP, after);
	bool same = is_same(before, after);
	tour_show(hook, "%s%s", from + strlen("tcp "),
		  same ? ", unchanged" : "");
	if (!same)
		tour_show("    becomes", "%s", to + strlen("tcp "));
}

static void
show_changes(const char *what, const struct path *path)
{
	tour_show(what, "before and after each hook");
	show_change("  PREROUTING", seen_at(path, "arrives"),
		    seen_at(path, "routed"));
	show_change("  OUTPUT", seen_at(path, "sent"),
		    seen_at(path, "rerouted"));
	show_change("  FORWARD", seen_at(path, "passes"),
		    seen_at(path, "leaves"));
	show_change("  INPUT", seen_at(path, "local"),
		    seen_at(path, "local"));
	show_change("  POSTROUTING", seen_at(path, "leaves"),
		    seen_at(path, "left"));
}

/* ---- following --------------------------------------------------------- */

/* A connection from there to there, and the paths of its first two packets. */
static int
follow(int netns, const char *to, uint16_t port, struct path *there,
       struct path *back)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct trace_event *read = NULL;
	char answer[100];
	size_t count;
	*there = *back = (struct path){ .count = 0 };
	if (trace_open(&nl) < 0)
		return -1;
	bool answered = box_ask(netns, IPPROTO_TCP, to, port, PATIENCE_MS,
				answer, sizeof(answer)) == 0;
	tour_show("asked", "%s:%u says: %s", to, port,
		  answered ? answer : failure.text);
	if (trace_read(&nl, QUIET_MS, &read, &count) < 0)
		return -1;
	auto_free struct trace_event *events = read;
	sort_out(events, count, there, back);
	show_path("there (SYN)", there);
	show_path("back (SYN, ACK)", back);
	show_changes("there", there);
	show_changes("back", back);
	return 0;
}

static int
show_entry(uint32_t to, uint16_t port, struct flow *flow)
{
	if (conntrack_find(IPPROTO_TCP, to, port, flow) < 0)
		return -1;
	auto_free char *original = flow_words(flow->protocol, &flow->original);
	auto_free char *reply = flow_words(flow->protocol, &flow->reply);
	tour_show("the conntrack entry", "original %s", original);
	tour_show("", "reply    %s", reply);
	return 0;
}

static int
way_in(void)
{
	struct path there, back;
	struct flow flow;
	uint32_t web = play.web.endpoint.lease.address;
	tour_step("The way in: from the Internet to port 8080 of the host, "
		  "which is web's 80.");
	if (follow(stage_internet.netns, UPLINK_IP, WEB_PORT, &there, &back) <
		    0 ||
	    show_entry(0xcb007102, WEB_PORT, &flow) < 0)
		return -1;
	const struct flow_end *arrives = seen_at(&there, "arrives");
	const struct flow_end *routed = seen_at(&there, "routed");
	tour_expect(arrives && routed && arrives->to == 0xcb007102 &&
		    arrives->to_port == WEB_PORT && routed->to == web &&
		    routed->to_port == SERVER_PORT &&
		    routed->from == arrives->from,
		    "PREROUTING changes the destination (DNAT), before it is "
		    "decided where the packet goes");
	tour_expect(seen_at(&there, "passes") && !seen_at(&there, "local"),
		    "so it is forwarded, not delivered here: FORWARD, and not "
		    "INPUT");
	const struct flow_end *leaves = seen_at(&back, "leaves");
	const struct flow_end *left = seen_at(&back, "left");
	tour_expect(leaves && left && leaves->from == web &&
		    left->from == 0xcb007102 && left->from_port == WEB_PORT,
		    "the answer's source is changed back on its way out, by "
		    "no rule: the entry says it");
	tour_expect(is_same(left, &(struct flow_end){
				flow.original.to, flow.original.from,
				flow.original.to_port,
				flow.original.from_port }),
		    "what the Internet gets is the mirror of what it sent");
	return 0;
}

static int
way_out(void)
{
	struct path there, back;
	struct flow flow;
	uint32_t web = play.web.endpoint.lease.address;
	tour_step("The way out: from web to the Internet.");
	if (follow(play.web.box.netns, INTERNET_IP, INTERNET_PORT, &there,
		   &back) < 0 ||
	    show_entry(INTERNET, INTERNET_PORT, &flow) < 0)
		return -1;
	const struct flow_end *leaves = seen_at(&there, "leaves");
	const struct flow_end *left = seen_at(&there, "left");
	tour_expect(is_same(seen_at(&there, "arrives"), leaves) && left &&
		    leaves->from == web && left->from == 0xcb007102,
		    "POSTROUTING changes the source (masquerade): the way is "
		    "known, and so the address");
	const struct flow_end *arrives = seen_at(&back, "arrives");
	const struct flow_end *routed = seen_at(&back, "routed");
	tour_expect(arrives && routed && arrives->to == 0xcb007102 &&
		    routed->to == web,
		    "and PREROUTING the answer's destination, before it "
		    "would be delivered here");
	return 0;
}

static int
from_the_host(void)
{
	struct path there, back;
	tour_step("From the host itself, by 127.0.0.1: both changes.");
	if (follow(-1, LOOPBACK_IP, WEB_PORT, &there, &back) < 0)
		return -1;
	const struct flow_end *sent = seen_at(&there, "sent");
	const struct flow_end *left = seen_at(&there, "left");
	tour_expect(sent && !seen_at(&there, "arrives") &&
		    sent->to == INADDR_LOOPBACK,
		    "what the host sends begins at OUTPUT, not at PREROUTING");
	tour_expect(sent && left && sent->from == INADDR_LOOPBACK &&
		    left->from == play.network.gateway &&
		    left->to == play.web.endpoint.lease.address,
		    "it gets another destination there, and another source "
		    "on leaving: the gateway's");
	return 0;
}

static int
run_packet(void)
{
	struct nat_port port = { .protocol = IPPROTO_TCP,
				 .host_port = WEB_PORT, .port = SERVER_PORT };
	tour_say("Five hooks: PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING. "
		 "Chains hang at them, in the");
	tour_say("order of their priority. nftables tells of each that a "
		 "marked packet comes through.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	if (net_default(&play.network) < 0 ||
	    container_start(&play.web, "web", "c0ffee000001", &play.network,
			    &port, 1) < 0 ||
	    nat_run(watch_table, NULL) < 0)
		return stage_fail();
	if (way_in() < 0 || way_out() < 0 || from_the_host() < 0)
		return stage_fail();
	auto_free char *advice =
		text("This is the host; try: nft monitor trace & then, from "
		     "nsenter -t %d -n, anything", play.web.box.pid);
	if (tour_shell(advice) < 0 ||
	    nat_run("delete table ip watch\n", NULL) < 0)
		return -1;
	int result = container_end(&play.web, &play.network);
	net_close(&play.network);
	return result;
}

const struct experiment demo_packet = {
	.name = "packet",
	.shows = "one connection, hook by hook, addresses before and after",
	.run = run_packet,
	.has_shell = true,
};
