/*
 * publish.c - experiment `publish`: the way in.  A server in a container is
 * reached at a port of the host, from outside, from the host by its own
 * address, and from the host by 127.0.0.1.
 *
 * The server is Redis, as in the notes, where that is installed, and beside it
 * the one that every box has.
 */
#include "demo.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "relay.h"
#include "stage.h"
#include "sys.h"

enum {
	WEB_PORT = 8080,
	UDP_PORT = 8053,
	RANGE_PORT = 9000,
	RANGE_SIZE = 3,
	BOUND_PORT = 7000,
	REDIS_PORT = 6379,
	AT_ONCE = 200,
};

static struct {
	struct net_network network;
	struct container web, neighbour;
	struct relay relay;
	bool has_redis;
} play = { .relay = RELAY_NONE };

/* ---- Redis ------------------------------------------------------------- */

static bool
is_installed(const char *program)
{
	const char *path = getenv("PATH");
	auto_free char *directories = copy_text(path ? path : "");
	char *rest = directories, *directory;
	while ((directory = strsep(&rest, ":"))) {
		auto_free char *file = text("%s/%s", directory, program);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* A program of the container's; it ends with the stage. */
static _Noreturn void
be_redis(int netns)
{
	static const char *const argv[] = {
		"redis-server", "--port", "6379", "--bind", "0.0.0.0",
		"--save", "", "--protected-mode", "no", "--logfile",
		"/dev/null", NULL
	};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sys_setns(netns, CLONE_NEWNET) == 0)
		execvp(argv[0], (char *const *)argv);
	_exit(127);
}

/* Is somebody listening there?  Redis takes a moment to begin. */
static bool
await_listener(int netns, uint16_t port)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 20) {
		auto_close int fd = box_socket(netns, AF_INET, SOCK_STREAM, 0);
		struct sockaddr_in there = {
			.sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		if (connect(fd, (struct sockaddr *)&there, sizeof(there)) == 0)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	return false;
}

static int
start_redis(void)
{
	play.has_redis = is_installed("redis-server") &&
			 is_installed("redis-cli");
	if (!play.has_redis)
		return 0;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		be_redis(play.web.box.netns);
	if (pid < 0)
		return fail("start Redis");
	if (!await_listener(play.web.box.netns, REDIS_PORT))
		return failx("redis-server does not answer");
	return 0;
}

static int
run_client(void *argv)
{
	return tour_run(argv);
}

static void
ask_redis(const char *who, int netns, const char *host, const char *claim)
{
	const char *const argv[] = { "redis-cli", "-h", host, "incr", "calls",
				     NULL };
	tour_show(who, "asks");
	tour_expect(box_within(netns, run_client, (void *)argv) == 0, "%s",
		    claim);
}

static void
use_redis(void)
{
	tour_step("Redis in the container, redis-cli in three places.");
	if (!play.has_redis) {
		tour_say("(It is not installed here: the boxes' own server "
			 "has to do.)");
		return;
	}
	ask_redis("the Internet", stage_internet.netns, UPLINK_IP,
		  "from outside");
	ask_redis("the host", -1, UPLINK_IP, "from the host, by its address");
	ask_redis("the host", -1, LOOPBACK_IP, "and by 127.0.0.1");
}

/* ---- publishing -------------------------------------------------------- */

/* What `docker run -p` would be given, in its words, and what it means. */
static size_t
choose_ports(struct nat_port *ports)
{
	size_t count = 0;
	ports[count++] = (struct nat_port){ .protocol = IPPROTO_TCP,
					    .host_port = WEB_PORT,
					    .port = SERVER_PORT };
	ports[count++] = (struct nat_port){ .protocol = IPPROTO_UDP,
					    .host_port = UDP_PORT,
					    .port = SERVER_PORT };
	ports[count++] = (struct nat_port){ .protocol = IPPROTO_TCP,
					    .host_address = INADDR_LOOPBACK,
					    .host_port = BOUND_PORT,
					    .port = SERVER_PORT };
	ports[count++] = (struct nat_port){ .protocol = IPPROTO_TCP,
					    .host_port = REDIS_PORT,
					    .port = REDIS_PORT };
	struct nat_port first = { .protocol = IPPROTO_TCP,
				  .host_port = RANGE_PORT,
				  .port = SERVER_PORT };
	nat_spread(&first, RANGE_SIZE, ports + count);
	return count + RANGE_SIZE;
}

static int
build(void)
{
	struct ipam_subnet6 subnet6;
	struct nat_port ports[16];
	size_t count = choose_ports(ports);
	tour_step("A container, and ports of the host that lead to it.");
	tour_show("-p 8080:80", "port 8080 of the host is port 80 of web");
	tour_show("-p 8053:80/udp", "the same for UDP");
	tour_show("-p 127.0.0.1:7000:80", "only at this address of the host");
	tour_show("-p 6379:6379", "Redis's");
	tour_show("-p 9000-9002:80-82", "three at once");
	if (net_default(&play.network) < 0 ||
	    ipam_parse_subnet6("fd00:1::/64", &subnet6) < 0 ||
	    net_use_ipv6(&play.network, &subnet6) < 0 ||
	    container_start(&play.web, "web", "c0ffee000001", &play.network,
			    ports, count) < 0 ||
	    container_start(&play.neighbour, "neighbour", "c0ffee000002",
			    &play.network, NULL, 0) < 0)
		return -1;
	auto_free char *rules = nat_show();
	if (!rules)
		return -1;
	show_matching("maps of ip mydocker", rules, " : 172.29");
	tour_expect(strstr(rules, "tcp . 8080 : 172.29.0.2 . 80") &&
		    strstr(rules, "udp . 8053 : 172.29.0.2 . 80") &&
		    strstr(rules, "127.0.0.1 . tcp . 7000 : 172.29.0.2 . 80"),
		    "each is one element of a map; the rules stay the same");
	return start_redis();
}

/* ---- from where -------------------------------------------------------- */

static void
come_in(void)
{
	const char *gateway = "web:80 sees 172.29.0.1";
	tour_step("From three places; and who the container takes them for.");
	try_ask("the Internet asks", stage_internet.netns, IPPROTO_TCP,
		UPLINK_IP, WEB_PORT, "web:80 sees " INTERNET_IP,
		"from outside, and the container sees who it really is");
	try_ask("the host asks", -1, IPPROTO_TCP, UPLINK_IP, WEB_PORT,
		"web:80 sees " UPLINK_IP, "from the host itself, by its "
		"address");
	try_ask("the host asks", -1, IPPROTO_TCP, LOOPBACK_IP, WEB_PORT,
		gateway, "and by 127.0.0.1, which the gateway stands in for");
	tour_step("And from two more, by the host's address.");
	try_ask("neighbour asks", play.neighbour.box.netns, IPPROTO_TCP,
		UPLINK_IP, WEB_PORT, gateway, "from the same network");
	try_ask("web asks", play.web.box.netns, IPPROTO_TCP, UPLINK_IP,
		WEB_PORT, gateway, "and from itself: out by one port of the "
		"bridge, and in by the same (\"hairpin\")");
}

static void
other_kinds(void)
{
	tour_step("UDP, a range, and one address of the host alone.");
	try_ask("the Internet asks", stage_internet.netns, IPPROTO_UDP,
		UPLINK_IP, UDP_PORT, "web:80 sees " INTERNET_IP, "UDP");
	try_ask("the host asks", -1, IPPROTO_UDP, LOOPBACK_IP, UDP_PORT,
		"web:80 sees 172.29.0.1", "UDP by 127.0.0.1");
	try_ask("the Internet asks", stage_internet.netns, IPPROTO_TCP,
		UPLINK_IP, RANGE_PORT + 2, "web:82 sees " INTERNET_IP,
		"the third of the range is the container's third");
	try_ask("the host asks", -1, IPPROTO_TCP, LOOPBACK_IP, BOUND_PORT,
		"web:80 sees 172.29.0.1", "127.0.0.1:7000 is for the host");
	try_not("the Internet asks", stage_internet.netns, UPLINK_IP,
		BOUND_PORT, "and for nobody else");
}

static int
by_ipv6(void)
{
	tour_step("The same by IPv6: web has %s, too.", "fd00:1::2");
	try_ask("the Internet asks", stage_internet.netns, IPPROTO_TCP,
		UPLINK_IP6, WEB_PORT, "web:80 sees " INTERNET_IP6,
		"from outside");
	try_ask("the host asks", -1, IPPROTO_TCP, UPLINK_IP6, WEB_PORT,
		"web:80 sees " UPLINK_IP6, "from the host by its address");
	try_not("the host asks", -1, "::1", WEB_PORT, "but not by ::1: the "
		"kernel lets no packet from there leave by another link");
	if (relay_start(&play.relay, play.web.endpoint.sockets,
			play.web.endpoint.ports,
			play.web.endpoint.port_count, NULL, NULL) < 0)
		return -1;
	tour_show("so a process must help", "a relay, as docker-proxy is one "
		  "(pid %d)", play.relay.pid);
	try_ask("the host asks", -1, IPPROTO_TCP, "::1", WEB_PORT,
		"web:80 sees fd00:1::1", "TCP by ::1, byte by byte through "
		"the relay");
	try_ask("the host asks", -1, IPPROTO_UDP, "::1", UDP_PORT,
		"web:80 sees fd00:1::1", "and UDP");
	return 0;
}

/* ---- many -------------------------------------------------------------- */

/* All are begun before any is waited for. */
static int
many_at_once(void)
{
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_port = htons(WEB_PORT),
				     .sin_addr.s_addr = htonl(0xcb007102) };
	int all[AT_ONCE];
	int answered = 0;
	tour_step("%d connections at once, from outside.", AT_ONCE);
	for (int i = 0; i < AT_ONCE; i++) {
		all[i] = box_socket(stage_internet.netns, AF_INET,
				    SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (all[i] < 0)
			return -1;
		connect(all[i], (struct sockaddr *)&there, sizeof(there));
	}
	for (int i = 0; i < AT_ONCE; i++) {
		char answer[100];
		if (box_wait(all[i], PATIENCE_MS))
			answered += recv(all[i], answer, sizeof(answer), 0) >
				    0;
		close(all[i]);
	}
	tour_show("answered", "%d", answered);
	tour_expect(answered == AT_ONCE, "each of them");
	return 0;
}

/* ---- refusals and removal ---------------------------------------------- */

static void
be_refused(void)
{
	struct nat_port port = { .protocol = IPPROTO_TCP,
				 .host_port = WEB_PORT, .port = SERVER_PORT };
	struct net_endpoint third = NET_ENDPOINT("c0ffee000003");
	tour_step("What must not work.");
	bool taken = net_reserve(&play.network, &third, &port, 1) < 0;
	tour_show("8080 for another container", "%s",
		  taken ? failure.text : "was given");
	tour_expect(taken && failure.code == EADDRINUSE,
		    "a port is published once; the second is refused at once");
	if (!taken)
		net_release(&play.network, &third);
	struct box server;
	taken = box_create(&server, "server", BOX_HERE, WEB_PORT, 1) < 0;
	tour_show("8080 for a server of the host", "%s",
		  taken ? failure.text : "was given");
	tour_expect(taken, "and no program of the host gets it, either");
	box_end(&server);
	/* Somebody on the cable who sets a route to our containers. */
	auto_netlink struct netlink there = NETLINK_CLOSED;
	struct netlink_ip subnet = netlink_ip4(play.network.subnet.network,
					       play.network.subnet.prefix);
	struct netlink_ip host = netlink_ip4(0xcb007102, 0);
	tour_expect(netlink_open_in(&there, stage_internet.netns) == 0 &&
		    netlink_add_route(&there, &subnet, &host) == 0,
		    "a neighbour on the cable sets a route to 172.29.0.0/16");
	try_not("past the published port", stage_internet.netns,
		stage_ip(play.neighbour.endpoint.lease.address), SERVER_PORT,
		"what is not published is not reached, even with a route");
	try_not("with a loopback address", play.neighbour.box.netns,
		stage_ip(play.network.gateway), BOUND_PORT,
		"and what is published on 127.0.0.1 not by another address");
}

static int
remove_one(void)
{
	struct nat_port port = { .protocol = IPPROTO_TCP,
				 .host_port = WEB_PORT + 1,
				 .port = SERVER_PORT };
	struct container second;
	tour_step("A second container with a port of its own goes.");
	if (container_start(&second, "second", "c0ffee000004", &play.network,
			    &port, 1) < 0)
		return -1;
	try_ask("the Internet asks", stage_internet.netns, IPPROTO_TCP,
		UPLINK_IP, WEB_PORT + 1, "second:80 sees " INTERNET_IP,
		"8081 leads to it");
	if (container_end(&second, &play.network) < 0)
		return -1;
	auto_free char *rules = nat_show();
	if (!rules)
		return -1;
	try_not("the Internet asks", stage_internet.netns, UPLINK_IP,
		WEB_PORT + 1, "8081 is gone");
	tour_expect(!strstr(rules, "8081") && strstr(rules, "tcp . 8080 :") &&
		    strstr(rules, "tcp . 9000 :"),
		    "and nothing but 8081: one element is one port");
	return 0;
}

static int
clear_away(void)
{
	bool has_table;
	tour_step("The last ones go.");
	relay_stop(&play.relay);
	if (container_end(&play.web, &play.network) < 0 ||
	    container_end(&play.neighbour, &play.network) < 0 ||
	    nat_has_table(&has_table) < 0)
		return -1;
	tour_expect(!has_table, "and the table with them");
	struct box server;
	tour_expect(box_create(&server, "server", BOX_HERE, WEB_PORT, 1) == 0,
		    "8080 is free again");
	box_end(&server);
	net_close(&play.network);
	return 0;
}

static int
run_publish(void)
{
	tour_say("Nobody outside knows a way to a container. So a port of the "
		 "host is made to stand for it.");
	int opened = stage_open(STAGE_INTERNET | STAGE_IPV6);
	if (opened != 0)
		return opened;
	if (build() < 0)
		return stage_fail();
	come_in();
	use_redis();
	other_kinds();
	if (by_ipv6() < 0 || many_at_once() < 0)
		return -1;
	be_refused();
	if (remove_one() < 0)
		return -1;
	auto_free char *advice =
		text("This is the host; try: nft list ruleset; curl -s "
		     "127.0.0.1:8080; nsenter -t %d -n (into web)",
		     play.web.box.pid);
	if (tour_shell(advice) < 0)
		return -1;
	return clear_away();
}

const struct experiment demo_publish = {
	.name = "publish",
	.shows = "a server in a container, reached at a port of the host",
	.run = run_publish,
	.has_shell = true,
};
