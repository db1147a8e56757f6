/*
 * cnm.c - experiment `cnm`: libnetwork's container network model, sandbox,
 * endpoint and network, on this chapter's objects.
 *
 * Each is made by itself, and the kernel is asked after each what there is:
 * an endpoint without a container, a sandbox without a process, a sandbox in
 * two networks.
 */
#include "demo.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netlink.h"
#include "stage.h"

enum { WEB_PORT = 8080 };

static struct {
	struct net_network front, back;
	struct net_endpoint at_front, at_back;
	struct container db;
	struct box late; /* the process that enters the sandbox */
	int sandbox;
} play = {
	.at_front = NET_ENDPOINT("c0ffee000001"),
	.at_back = NET_ENDPOINT("c0ffee000002"),
	.late = { .pidfd = -1, .netns = -1 },
	.sandbox = -1,
};

static bool
host_has(const char *link)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_link found;
	return netlink_open(&nl) == 0 &&
	       netlink_get_link(&nl, link, &found) == 0;
}

/* Those of a namespace, but lo, as one word. */
static char *
links_of(int netns)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	auto_free char *words = copy_text("");
	size_t count;
	if (netlink_open_in(&nl, netns) < 0 ||
	    netlink_list_links(&nl, &links, &count) < 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		auto_free char *before = words;
		words = text("%s%s%s", before, *before ? " " : "",
			     links[i].name);
	}
	return take_ptr(&words);
}

/* ---- one by one -------------------------------------------------------- */

static int
make_networks(void)
{
	struct ipam_subnet front, back;
	tour_step("NewNetwork: a name, a bridge, a subnet.");
	if (ipam_parse_subnet("172.29.0.0/24", &front) < 0 ||
	    ipam_parse_subnet("172.29.1.0/24", &back) < 0 ||
	    net_open(&play.front, "front", "mydocker-front", &front) < 0 ||
	    net_open(&play.back, "back", "mydocker-back", &back) < 0)
		return -1;
	tour_show("front", "172.29.0.0/24 on mydocker-front");
	tour_show("back", "172.29.1.0/24 on mydocker-back");
	tour_expect(!host_has("mydocker-front") && !host_has("mydocker-back"),
		    "so far a plan: the bridge comes with the first endpoint, "
		    "and goes with the last");
	return 0;
}

static int
make_endpoint(void)
{
	struct nat_port port = { .protocol = IPPROTO_TCP,
				 .host_port = WEB_PORT, .port = SERVER_PORT };
	tour_step("CreateEndpoint: an address, a MAC, ports; and no container "
		  "yet.");
	if (net_reserve(&play.front, &play.at_front, &port, 1) < 0)
		return -1;
	const uint8_t *m = play.at_front.mac;
	tour_show("leased", "%s, %02x:%02x:%02x:%02x:%02x:%02x",
		  stage_ip(play.at_front.lease.address), m[0], m[1], m[2],
		  m[3], m[4], m[5]);
	struct nat_port again = port;
	int fd = net_hold_port(&again);
	tour_show("port 8080 of the host", "%s",
		  fd < 0 ? failure.text : "free");
	tour_expect(fd < 0 && failure.code == EADDRINUSE,
		    "the port is held from here on, before anything runs");
	if (fd >= 0)
		close(fd);
	tour_expect(host_has("mydocker-front") &&
		    !host_has(play.at_front.veth),
		    "the bridge is there; the veth pair is not: whose "
		    "namespace should it lead to?");
	return 0;
}

static int
make_sandbox(void)
{
	struct stat st;
	tour_step("NewSandbox: a network namespace without a process.");
	if (net_open_sandbox(&play.sandbox) < 0)
		return -1;
	auto_free char *links = links_of(play.sandbox);
	if (!links || fstat(play.sandbox, &st) < 0)
		return -1;
	tour_show("descriptor", "%d is net:[%lu]", play.sandbox,
		  (unsigned long)st.st_ino);
	tour_show("links in it", "%s", links);
	tour_expect(strcmp(links, "lo") == 0,
		    "kept by a descriptor; Docker keeps it by a bind mount in "
		    "/run/docker/netns");
	return 0;
}

static int
join(void)
{
	tour_step("Join: the endpoint goes into the sandbox, as eth0.");
	if (net_attach(&play.front, &play.at_front, play.sandbox) < 0 ||
	    show_box("sandbox", play.sandbox) < 0)
		return -1;
	tour_expect(host_has(play.at_front.veth),
		    "now there is a veth pair: %s is the host's end",
		    play.at_front.veth);
	return 0;
}

static int
join_another(void)
{
	tour_step("A second endpoint, of another network, into the same "
		  "sandbox: eth1.");
	play.at_back.link = "eth1";
	play.at_back.no_default_route = true; /* one way out is enough */
	if (net_reserve(&play.back, &play.at_back, NULL, 0) < 0 ||
	    net_attach(&play.back, &play.at_back, play.sandbox) < 0 ||
	    show_box("sandbox", play.sandbox) < 0)
		return -1;
	auto_free char *links = links_of(play.sandbox);
	tour_expect(links && strcmp(links, "lo eth0 eth1") == 0,
		    "an endpoint joins one network to one sandbox; a sandbox "
		    "has any number of them");
	return 0;
}

/* ---- a container at last ----------------------------------------------- */

static int
enter(void)
{
	tour_step("Last of all a process enters; and another container is in "
		  "back alone.");
	if (box_create(&play.late, "web", play.sandbox, SERVER_PORT, 1) < 0 ||
	    container_start(&play.db, "db", "c0ffee000003", &play.back, NULL,
			    0) < 0)
		return -1;
	auto_free char *seen = text("db:80 sees %s",
				    stage_ip(play.at_back.lease.address));
	try_ask("the Internet asks", stage_internet.netns, IPPROTO_TCP,
		UPLINK_IP, WEB_PORT, "web:80 sees " INTERNET_IP,
		"the port that was held before there was a sandbox leads to "
		"the process in it");
	try_ask("web asks db", play.late.netns, IPPROTO_TCP,
		stage_ip(play.db.endpoint.lease.address), SERVER_PORT, seen,
		"by eth1, the network that they share");
	try_not("db asks web", play.db.box.netns,
		stage_ip(play.at_front.lease.address), SERVER_PORT,
		"but not by web's other address: front is not db's network");
	return 0;
}

/* ---- the end ----------------------------------------------------------- */

static int
leave(void)
{
	tour_step("Leave, one by one.");
	box_end(&play.late);
	if (container_end(&play.db, &play.back) < 0 ||
	    net_release(&play.front, &play.at_front) < 0)
		return -1;
	auto_free char *links = links_of(play.sandbox);
	tour_show("links in the sandbox", "%s", links ? links : failure.text);
	tour_expect(links && strcmp(links, "lo eth1") == 0 &&
		    !host_has("mydocker-front") && host_has("mydocker-back"),
		    "front has gone with its last endpoint, back has one");
	if (net_release(&play.back, &play.at_back) < 0)
		return -1;
	free_scoped(&links);
	links = links_of(play.sandbox);
	tour_expect(links && strcmp(links, "lo") == 0 &&
		    !host_has("mydocker-back"),
		    "the sandbox is as it was made, and could join another");
	close_scoped(&play.sandbox);
	net_close(&play.front);
	net_close(&play.back);
	return 0;
}

static int
run_cnm(void)
{
	tour_say("libnetwork is what Docker's networks were made into a "
		 "library from. Its model has three");
	tour_say("things: a sandbox is a container's network stack, a network "
		 "is who can talk to each other,");
	tour_say("and an endpoint joins the one to the other.");
	int opened = stage_open(STAGE_INTERNET);
	if (opened != 0)
		return opened;
	if (make_networks() < 0 || make_endpoint() < 0)
		return stage_fail();
	if (make_sandbox() < 0 || join() < 0 || join_another() < 0 ||
	    enter() < 0)
		return -1;
	auto_free char *advice =
		text("This is the host; try: ip link; nsenter -t %d -n ip "
		     "addr (the sandbox)", play.late.pid);
	if (tour_shell(advice) < 0)
		return -1;
	return leave();
}

const struct experiment demo_cnm = {
	.name = "cnm",
	.shows = "sandbox, endpoint, network: libnetwork's model",
	.run = run_cnm,
	.has_shell = true,
};
