/*
 * modes.c - experiment `modes`: Docker's four kinds of networking, side by
 * side: none, host, container and bridge.
 *
 * They differ in one thing only: whose network namespace the container is in.
 */
#include "demo.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "ns.h"
#include "stage.h"

enum { HOST_PORT = 8000, SHARED_PORT = 9000 };

/* A container of each kind, and what was found in it. */
struct mode {
	const char *name;
	struct box box;
	char links[64];
	char addresses[96];
	char route[NETLINK_IP_SIZE];
	bool reaches_internet;
	bool reaches_host_by_loopback;
	bool can_bind; /* the port on which the host's own server listens */
	struct ns_id id;
};

static struct {
	struct net_network network;
	struct container bridged; /* the one that "container" joins */
	struct box host_server;
	struct mode none, host, container, bridge;
} play = {
	.none = { .name = "none" },
	.host = { .name = "host" },
	.container = { .name = "container" },
	.bridge = { .name = "bridge" },
};

/* ---- finding out ------------------------------------------------------- */

static void
add_word(char *words, size_t size, const char *word)
{
	size_t length = strlen(words);
	snprintf(words + length, size - length, "%s%s", length ? " " : "",
		 word);
}

static int
find_links(struct netlink *nl, struct mode *mode)
{
	auto_free struct netlink_link *links = NULL;
	auto_free struct netlink_address *addresses = NULL;
	auto_free struct netlink_route *routes = NULL;
	size_t links_count, count;
	char room[NETLINK_IP_SIZE];
	if (netlink_list_links(nl, &links, &links_count) < 0)
		return -1;
	for (size_t i = 0; i < links_count; i++)
		if (strncmp(links[i].name, "myd", 3) != 0)
			add_word(mode->links, sizeof(mode->links),
				 links[i].name);
	if (netlink_list_addresses(nl, AF_INET, &addresses, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strncmp(box_link_name(links, links_count,
					  addresses[i].link), "myd", 3) != 0)
			add_word(mode->addresses, sizeof(mode->addresses),
				 netlink_format_ip(&addresses[i].ip, room));
	if (netlink_list_routes(nl, AF_INET, &routes, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (routes[i].to.prefix == 0 &&
		    routes[i].table == RT_TABLE_MAIN)
			netlink_format_ip(&routes[i].via, mode->route);
	return 0;
}

static int
bind_host_port(void *data)
{
	bool *bound = data;
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(HOST_PORT) };
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*bound = fd >= 0 &&
		 bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;
	return 0;
}

static int
find_out(struct mode *mode)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	int netns = mode->box.netns;
	char answer[100];
	int ttl;
	long us;
	snprintf(mode->route, sizeof(mode->route), "-");
	if (netlink_open_in(&nl, netns) < 0 || find_links(&nl, mode) < 0 ||
	    ns_id(mode->box.pid, box_network_kind(), &mode->id) < 0 ||
	    box_within(netns, bind_host_port, &mode->can_bind) < 0)
		return -1;
	if (!*mode->addresses)
		add_word(mode->addresses, sizeof(mode->addresses), "-");
	mode->reaches_internet = box_ping(netns, INTERNET, &ttl, &us) == 0;
	mode->reaches_host_by_loopback =
		box_ask(netns, IPPROTO_TCP, LOOPBACK_IP, HOST_PORT, SHORT_MS,
			answer, sizeof(answer)) == 0;
	return 0;
}

/* ---- the scene --------------------------------------------------------- */

static int
build(void)
{
	tour_step("Four containers; and on the host a server at 127.0.0.1:%d.",
		  HOST_PORT);
	if (box_create(&play.host_server, "host-server", BOX_HERE, HOST_PORT,
		       1) < 0 ||
	    net_default(&play.network) < 0 ||
	    container_start(&play.bridged, "container-1", "c0ffee000001",
			    &play.network, NULL, 0) < 0)
		return -1;
	play.bridge.box = play.bridged.box;
	tour_show("--network none", "a new network namespace, and nothing "
		  "else");
	tour_show("--network host", "no new one");
	tour_show("--network container:...", "setns(2) into that of another "
		  "container");
	tour_show("--network bridge", "a new one, and a veth pair from the "
		  "bridge into it");
	if (box_create(&play.none.box, "none", BOX_NEW, 0, 0) < 0 ||
	    box_create(&play.host.box, "host-mode", BOX_HERE, 0, 0) < 0 ||
	    box_create(&play.container.box, "joined", play.bridged.box.netns,
		       SHARED_PORT, 1) < 0)
		return -1;
	return 0;
}

static const char *
yes(bool is)
{
	return is ? "yes" : "no";
}

static void
show_row(const struct mode *mode)
{
	auto_free char *what = text("%-10s %s", mode->name, mode->links);
	tour_show(what, "%-26s %-11s %-9s %-8s %s", mode->addresses,
		  mode->route, yes(mode->reaches_host_by_loopback),
		  yes(mode->reaches_internet),
		  mode->can_bind ? "free" : "taken");
}

static int
compare(void)
{
	struct mode *const modes[] = { &play.none, &play.host, &play.container,
				       &play.bridge };
	for (size_t i = 0; i < countof(modes); i++)
		if (find_out(modes[i]) < 0)
			return -1;
	tour_step("What each of them has, and whom it reaches.");
	tour_show("mode       links", "%-26s %-11s %-9s %-8s %s", "addresses",
		  "gateway", "host's lo", "Internet", "port 8000");
	for (size_t i = 0; i < countof(modes); i++)
		show_row(modes[i]);
	for (size_t i = 0; i < countof(modes); i++)
		tour_show(modes[i]->name, "net:[%lu]",
			  (unsigned long)modes[i]->id.inode);
	return 0;
}

/* ---- the claims -------------------------------------------------------- */

static int
judge(void)
{
	struct ns_id here;
	if (ns_id(getpid(), box_network_kind(), &here) < 0)
		return -1;
	struct mode *none = &play.none, *host = &play.host;
	struct mode *joined = &play.container, *bridge = &play.bridge;
	tour_expect(strcmp(none->links, "lo") == 0 &&
		    !none->reaches_internet && none->can_bind,
		    "none: a loopback that is off, and nobody to talk to");
	tour_expect(ns_same(host->id, here) && host->reaches_internet &&
		    host->reaches_host_by_loopback && !host->can_bind,
		    "host: the host's links, its 127.0.0.1, and its ports, "
		    "of which one is taken");
	tour_expect(ns_same(joined->id, bridge->id) &&
		    strcmp(joined->addresses, bridge->addresses) == 0,
		    "container: the same links and addresses as container-1");
	tour_expect(bridge->reaches_internet && bridge->can_bind &&
		    !bridge->reaches_host_by_loopback,
		    "bridge: an address of its own, a way out, and all ports "
		    "free");
	return 0;
}

static void
talk(void)
{
	tour_step("Two containers in one namespace: a pod, in Kubernetes' "
		  "word.");
	try_ask("container-1 asks", play.bridged.box.netns, IPPROTO_TCP,
		LOOPBACK_IP, SHARED_PORT, "joined:9000 sees 127.0.0.1",
		"they reach each other by 127.0.0.1");
	try_ask("the host asks", -1, IPPROTO_TCP,
		stage_ip(play.bridged.endpoint.lease.address), SHARED_PORT,
		"joined:9000 sees 172.29.0.1",
		"and from outside they are one machine with one address");
	struct box second;
	bool made = box_create(&second, "second", play.bridged.box.netns,
			       SHARED_PORT, 1) == 0;
	tour_show("a second server there", "%s", made ? "made" : failure.text);
	tour_expect(!made && failure.code == EADDRINUSE,
		    "whose ports are everybody's in it");
	box_end(&second);
}

static int
run_modes(void)
{
	tour_say("docker run --network none, host, container:NAME, and bridge, "
		 "which is the default.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	if (build() < 0)
		return stage_fail();
	if (compare() < 0 || judge() < 0)
		return -1;
	talk();
	int result = container_end(&play.bridged, &play.network);
	net_close(&play.network);
	return result;
}

const struct experiment demo_modes = {
	.name = "modes",
	.shows = "none, host, container and bridge, compared",
	.run = run_modes,
};
