/*
 * net.c - experiment `net`: a network namespace begins with a loopback that is
 * down, and with every port free.
 *
 * The stage stays in the network it is in.  What it binds there is a port that
 * nobody listens on, and a name; both end with it.
 */
#include "demo.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "ns.h"
#include "nschild.h"
#include "runid.h"
#include "sync.h"
#include "sys.h"

/* What the stage has bound, for both sides to try. */
struct bound {
	struct sockaddr_in port;
	struct sockaddr_un name;
	socklen_t name_length;
};

/* ---- tried on both sides ----------------------------------------------- */

/* Show what became of a call; true when its errno is `wanted` (0: none). */
static bool
shown(const char *what, int result, int wanted)
{
	int code = result < 0 ? errno : 0;
	tour_show(what, "%s", code ? strerror(code) : "done");
	return code == wanted;
}

static int
new_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int
bind_port(int sock, const struct sockaddr_in *port)
{
	return bind(sock, (const struct sockaddr *)port, sizeof(*port));
}

static int
connect_port(const struct sockaddr_in *port)
{
	struct sockaddr_in to = *port;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	auto_close int sock = new_socket(AF_INET);
	return connect(sock, (const struct sockaddr *)&to, sizeof(to));
}

static int
connect_name(const struct bound *bound)
{
	auto_close int sock = new_socket(AF_UNIX);
	return connect(sock, (const struct sockaddr *)&bound->name,
		       bound->name_length);
}

/* The flags of a device, in the namespace that `sock` is of. */
static short
device_flags(int sock, const char *name)
{
	struct ifreq device = { 0 };
	strncpy(device.ifr_name, name, IFNAMSIZ - 1);
	return ioctl(sock, SIOCGIFFLAGS, &device) < 0 ? 0 : device.ifr_flags;
}

/* Show the devices, "lo (down), eth0 (up)"; returns how many are up. */
static int
show_devices(void)
{
	struct if_nameindex *list = if_nameindex();
	auto_close int sock = new_socket(AF_INET);
	auto_free char *names = copy_text("");
	int up = 0;
	for (int i = 0; list && list[i].if_index; i++) {
		auto_free char *before = names;
		bool is_up = device_flags(sock, list[i].if_name) & IFF_UP;
		names = text("%s%s%s (%s)", before, i ? ", " : "",
			     list[i].if_name, is_up ? "up" : "down");
		up += is_up;
	}
	if (list)
		if_freenameindex(list);
	tour_show("devices", "%s", names);
	return up;
}

/* ---- inside ------------------------------------------------------------ */

static void
look_inside(int sock, const struct bound *bound)
{
	auto_free char *link = look_link(0, "network");
	tour_step("Inside: a child in a new network namespace.");
	tour_show("namespace", "%s", link);
	tour_expect(show_devices() == 0,
		    "a loopback, and nothing in here is up");
	tour_expect(shown("bind the same port", bind_port(sock, &bound->port),
			  0),
		    "a port is taken in one namespace, and free in another");
	listen(sock, 1);
	tour_expect(shown("connect to 127.0.0.1",
			  connect_port(&bound->port), ENETUNREACH),
		    "without a loopback not even oneself is reached");
	tour_expect(shown("connect to the name", connect_name(bound),
			  ECONNREFUSED),
		    "an abstract name outside is not known here");
}

static int
inside(int sock, void *data)
{
	const struct bound *bound = data;
	auto_close int listener = new_socket(AF_INET);
	look_inside(listener, bound);
	if (sync_send_fd(sock, listener) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	tour_step("Inside: the loopback is up.");
	show_devices();
	tour_expect(shown("connect to 127.0.0.1", connect_port(&bound->port),
			  0), "now it reaches itself");
	return tour_shell("Try: ip address; ip route; ss -tln; "
			  "ping -c 1 127.0.0.1");
}

/* ---- outside ----------------------------------------------------------- */

/* A port that nobody has, in every address; then the same once more. */
static int
bind_twice(int first, struct sockaddr_in *port)
{
	socklen_t length = sizeof(*port);
	auto_close int second = new_socket(AF_INET);
	port->sin_family = AF_INET;
	if (bind_port(first, port) < 0 ||
	    getsockname(first, (struct sockaddr *)port, &length) < 0)
		return fail("bind a port");
	tour_show("bind a port", "done: it is %d", ntohs(port->sin_port));
	tour_expect(shown("bind it twice", bind_port(second, port),
			  EADDRINUSE),
		    "in one namespace a port has one owner");
	return 0;
}

/* A name that is in no directory: it begins with a zero byte (unix(7)). */
static int
listen_on_name(int sock, struct bound *bound)
{
	bound->name.sun_family = AF_UNIX;
	bound->name_length = offsetof(struct sockaddr_un, sun_path) + 1 +
			     snprintf(bound->name.sun_path + 1,
				      sizeof(bound->name.sun_path) - 1,
				      "mydocker-%s", runid());
	if (bind(sock, (const struct sockaddr *)&bound->name,
		 bound->name_length) < 0 ||
	    listen(sock, 1) < 0)
		return fail("listen on an abstract name");
	tour_show("listen on a name", "done: @%s", bound->name.sun_path + 1);
	tour_expect(shown("connect to it", connect_name(bound), 0),
		    "an abstract Unix socket is found by name");
	return 0;
}

/* Which namespace is a socket of?  The socket knows (SIOCGSKNS). */
static int
look_at_socket(int sock, pid_t pid)
{
	const struct ns_kind *network = look_kind("network");
	struct ns_id ours, theirs;
	struct stat st;
	auto_close int namespace = trace(ioctl(sock, SIOCGSKNS),
					 "ioctl(%d, SIOCGSKNS)", sock);
	if (namespace < 0 || fstat(namespace, &st) < 0)
		return fail("ask a socket for its namespace");
	if (ns_id(getpid(), network, &ours) < 0 ||
	    ns_id(pid, network, &theirs) < 0)
		return -1;
	struct ns_id its = { st.st_dev, st.st_ino };
	tour_step("Outside: a socket that the child made, and handed out.");
	tour_say("Who holds a socket of a container can set its network up "
		 "without going in.");
	tour_show("its namespace", "net:[%lu]", (unsigned long)its.inode);
	tour_expect(ns_same(its, theirs) && !ns_same(its, ours),
		    "it stays in the namespace in which it was made");
	return 0;
}

/* Asked by that socket, the kernel changes the namespace that it is of. */
static int
raise_loopback(int sock)
{
	struct ifreq device = { .ifr_name = "lo" };
	device.ifr_flags = device_flags(sock, "lo") | IFF_UP;
	if (trace(ioctl(sock, SIOCSIFFLAGS, &device),
		  "ioctl(%d, SIOCSIFFLAGS, {\"lo\", IFF_UP})", sock) < 0)
		return fail("bring the loopback inside up");
	auto_free char *link = look_link(0, "network");
	tour_show("we are still in", "%s", link);
	tour_expect(device_flags(sock, "lo") & IFF_UP,
		    "by that socket we brought the loopback inside up");
	return 0;
}

static int
meet(struct ns_child *child)
{
	auto_close int theirs = sync_expect_fd(child->sock, "the child");
	if (theirs < 0 || look_at_socket(theirs, child->pid) < 0 ||
	    raise_loopback(theirs) < 0 ||
	    sync_send(child->sock, SYNC_GO) < 0)
		return ns_child_give_up(child);
	return ns_child_wait(child, NULL);
}

static int
run_net(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	auto_close int port = new_socket(AF_INET);
	auto_close int name = new_socket(AF_UNIX);
	auto_free char *link = look_link(0, "network");
	struct bound bound = { 0 };
	tour_say("Devices, addresses, routes, rules and ports are looked up in "
		 "a network namespace.");
	tour_say("A new one has a loopback, and that is down.");
	tour_step("Outside: ports and names that are taken.");
	tour_show("namespace", "%s", link);
	if (bind_twice(port, &bound.port) < 0 ||
	    listen_on_name(name, &bound) < 0)
		return -1;
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWNET, -1, inside, &bound) < 0)
		return become_refused();
	return meet(&child);
}

const struct experiment demo_net = {
	.name = "net",
	.shows = "only a loopback, down; a port that is taken twice",
	.run = run_net,
	.has_shell = true,
};
