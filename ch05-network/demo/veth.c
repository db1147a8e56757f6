/*
 * veth.c - experiment `veth`: a cable made of software, one end of it moved
 * into another network namespace.
 */
#include "demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "stage.h"

#define NEAR_IP 0x0a000001 /* 10.0.0.1 */
#define FAR_IP 0x0a000002  /* 10.0.0.2 */

static struct box container;

/* The packets that a link has sent and received, by /proc/net/dev: fields 10
 * and 2 after its name (proc_pid_net(5)). */
struct counters {
	const char *link;
	unsigned long long received, sent;
};

static int
read_counters(void *data)
{
	struct counters *counters = data;
	auto_free char *table = read_all(AT_FDCWD, "/proc/thread-self/net/dev",
					 NULL);
	auto_free char *key = text(" %s:", counters->link);
	const char *line = table ? strstr(table, key) : NULL;
	if (!line)
		return failx("no link %s in /proc/net/dev", counters->link);
	if (sscanf(line + strlen(key), "%*u %llu %*u %*u %*u %*u %*u %*u %*u "
		   "%llu", &counters->received, &counters->sent) != 2)
		return failx("read /proc/net/dev");
	return 0;
}

static bool
is_there(struct netlink *nl, const char *name)
{
	struct netlink_link link;
	return netlink_get_link(nl, name, &link) == 0;
}

/* Both ends' counters.  IPv6 sends a word of its own now and then: look again
 * when that came between the two looks. */
static int
compare_counters(struct counters *near, struct counters *eth0)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
		if (box_within(-1, read_counters, near) < 0 ||
		    box_within(container.netns, read_counters, eth0) < 0)
			return -1;
		if (near->sent == eth0->received &&
		    near->received == eth0->sent)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return 0;
}

/* A link, once it has a carrier or none: a worker of the kernel's finds out,
 * and takes up to a second. */
static int
await_carrier(struct netlink *nl, const char *name, bool wanted,
	      struct netlink_link *link)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
		if (netlink_get_link(nl, name, link) < 0)
			return -1;
		if (link->running == wanted)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return 0;
}

/* ---- a pair ------------------------------------------------------------ */

static int
make_pair(struct netlink *nl)
{
	struct netlink_link near, far;
	tour_step("One message makes a pair: two links, each the other's "
		  "other end.");
	struct netlink_veth pair = { .name = "near", .peer_name = "far",
				     .peer_netns = -1 };
	if (netlink_create_veth(nl, &pair) < 0 || show_box("host", -1) < 0 ||
	    await_carrier(nl, "near", false, &near) < 0 ||
	    netlink_get_link(nl, "far", &far) < 0)
		return -1;
	tour_show("near, link number", "%d; its peer's number is %d",
		  near.index, near.peer);
	tour_show("far, link number", "%d; its peer's number is %d",
		  far.index, far.peer);
	tour_expect(near.peer == far.index && far.peer == near.index,
		    "each names the other (`ip link` writes near@far)");
	tour_expect(near.up && !near.running,
		    "near is up and has no carrier: the other plug is off");
	return 0;
}

static int
move_far_end(struct netlink *nl, struct netlink *inside)
{
	struct netlink_link near, eth0;
	int id;
	tour_step("One end is moved into the container's namespace, and "
		  "renamed there.");
	if (netlink_move_link(nl, "far", container.netns) < 0)
		return -1;
	tour_expect(!is_there(nl, "far"), "here it is gone");
	if (netlink_rename_link(inside, "far", "eth0") < 0 ||
	    netlink_get_link(inside, "eth0", &eth0) < 0 ||
	    netlink_get_link(nl, "near", &near) < 0 ||
	    netlink_get_netns_id(nl, container.netns, &id) < 0 ||
	    show_box("container", container.netns) < 0)
		return -1;
	tour_show("near says", "peer number %d, in the namespace that is %d "
		  "from here", near.peer, near.peer_netns);
	tour_expect(near.peer == eth0.index && near.peer_netns == id,
		    "the pair holds across the namespaces (`ip link` writes "
		    "near@if%d)", near.peer);
	return 0;
}

static int
address(struct netlink *nl, struct netlink *inside)
{
	struct netlink_ip near = netlink_ip4(NEAR_IP, 24);
	struct netlink_ip far = netlink_ip4(FAR_IP, 24);
	tour_step("An address for each end, and both turned on.");
	if (netlink_add_address(nl, "near", &near) < 0 ||
	    netlink_add_address(inside, "eth0", &far) < 0 ||
	    netlink_set_up(inside, "lo", true) < 0 ||
	    netlink_set_up(inside, "eth0", true) < 0 ||
	    show_box("container", container.netns) < 0)
		return -1;
	try_ping("host pings", -1, FAR_IP, 64,
		 "what goes in at one end comes out at the other");
	struct counters near_counts = { .link = "near" };
	struct counters eth0_counts = { .link = "eth0" };
	if (compare_counters(&near_counts, &eth0_counts) < 0)
		return -1;
	tour_show("near", "has sent %llu packets, received %llu",
		  near_counts.sent, near_counts.received);
	tour_show("eth0", "has received %llu, sent %llu",
		  eth0_counts.received, eth0_counts.sent);
	tour_expect(near_counts.sent == eth0_counts.received &&
		    near_counts.received == eth0_counts.sent,
		    "what one has sent the other has received, and no more");
	return 0;
}

/* ---- refusals ---------------------------------------------------------- */

static void
be_refused(struct netlink *nl)
{
	tour_step("Refused, each with the kernel's own words where it has "
		  "some.");
	struct netlink_veth pair = { .name = "a-name-of-16-bytes",
				     .peer_name = "far", .peer_netns = -1 };
	bool made = netlink_create_veth(nl, &pair) == 0;
	tour_show("a name too long", "%s", made ? "made" : failure.text);
	tour_expect(!made && failure.code == EINVAL,
		    "a link's name has at most %d bytes", IFNAMSIZ - 1);
	pair.name = "near";
	made = netlink_create_veth(nl, &pair) == 0;
	tour_show("a name that is taken", "%s", made ? "made" : failure.text);
	tour_expect(!made && failure.code == EEXIST && !is_there(nl, "far"),
		    "EEXIST; and of the other end nothing is left, either");
	struct netlink_ip ip = netlink_ip4(NEAR_IP, 24);
	made = netlink_add_address(nl, "nowhere", &ip) == 0;
	tour_show("a link that is not there", "%s",
		  made ? "made" : failure.text);
	tour_expect(!made && failure.code == ENODEV, "ENODEV");
	made = netlink_add_address(nl, "near", &ip) == 0;
	tour_show("an address twice", "%s", made ? "made" : failure.text);
	tour_expect(!made && failure.code == EEXIST, "EEXIST");
}

/* ---- macvlan ----------------------------------------------------------- */

/* A second link on the container's cable, for another container. */
static int
add_macvlan(struct netlink *inside)
{
	struct box other;
	auto_netlink struct netlink there = NETLINK_CLOSED;
	struct netlink_ip ip = netlink_ip4(FAR_IP + 1, 24);
	tour_step("A macvlan: a second link on the same cable, without a "
		  "bridge.");
	if (box_create(&other, "second", BOX_NEW, 0, 0) < 0)
		return -1;
	if (netlink_create_macvlan(inside, "mv0", "eth0", other.netns) < 0) {
		if (failure.code != EOPNOTSUPP)
			return -1;
		tour_show("this kernel", "%s", failure.text);
		box_end(&other);
		return 0;
	}
	if (netlink_open_in(&there, other.netns) < 0 ||
	    netlink_add_address(&there, "mv0", &ip) < 0 ||
	    netlink_set_up(&there, "mv0", true) < 0 ||
	    show_box("second container", other.netns) < 0)
		return -1;
	try_ping("host pings", -1, FAR_IP + 1, 64,
		 "who is on the cable reaches it");
	int ttl;
	long us;
	bool reached = box_ping(container.netns, FAR_IP + 1, &ttl, &us) == 0;
	tour_show("container pings", "%s", reached ? "answered" : failure.text);
	tour_expect(!reached, "but not whose link it was made on: the frames "
		    "turn up on the cable alone");
	box_end(&other);
	return 0;
}

/* ---- ends -------------------------------------------------------------- */

/* The kernel takes a namespace down in a worker of its own. */
static bool
goes_away(struct netlink *nl, const char *name)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
		if (!is_there(nl, name))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return false;
}

static int
end(struct netlink *nl, struct netlink *inside)
{
	struct netlink_link near;
	tour_step("How it ends.");
	if (netlink_set_up(inside, "eth0", false) < 0 ||
	    await_carrier(nl, "near", false, &near) < 0)
		return -1;
	tour_show("eth0 is turned off", "near is %s and has %s",
		  near.up ? "up" : "down",
		  near.running ? "a carrier" : "no carrier");
	tour_expect(near.up && !near.running, "the other end notices, as if "
		    "the plug had been pulled");
	/* Sockets keep a namespace, too. */
	netlink_close(inside);
	box_end(&container);
	tour_show("the container ends", "and with its last process and "
		  "descriptor its namespace");
	tour_expect(goes_away(nl, "near"), "near is gone with the other end: "
		    "nothing has to be removed");
	return 0;
}

static int
run_veth(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	tour_say("A new network namespace has no link to anywhere. A veth pair "
		 "is a cable into it.");
	int opened = stage_open(STAGE_ALONE);
	if (opened != 0)
		return opened;
	if (netlink_open(&nl) < 0 ||
	    box_create(&container, "container", BOX_NEW, SERVER_PORT, 1) < 0 ||
	    netlink_open_in(&inside, container.netns) < 0 ||
	    make_pair(&nl) < 0)
		return stage_fail();
	if (move_far_end(&nl, &inside) < 0 || address(&nl, &inside) < 0)
		return -1;
	be_refused(&nl);
	if (add_macvlan(&inside) < 0)
		return -1;
	auto_free char *advice =
		text("This is the host's end; try: ip link; ping -c1 "
		     "10.0.0.2; nsenter -t %d -n ip addr", container.pid);
	if (tour_shell(advice) < 0)
		return -1;
	return end(&nl, &inside);
}

const struct experiment demo_veth = {
	.name = "veth",
	.shows = "a pair of links, one end moved into a namespace",
	.run = run_veth,
	.has_shell = true,
};
