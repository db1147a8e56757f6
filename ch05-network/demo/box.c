/* box.c - see box.h. */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ipam.h"
#include "netlink.h"
#include "ns.h"
#include "sync.h"
#include "sys.h"

/* ---- sockets inside ---------------------------------------------------- */

struct socket_kind {
	int type;
	int protocol;
	int fd;
};

static int
open_socket(void *data)
{
	struct socket_kind *kind = data;
	kind->fd = socket(AF_INET, kind->type | SOCK_CLOEXEC, kind->protocol);
	return kind->fd < 0 ? fail("open a socket") : 0;
}

static const struct ns_kind *
network_kind(void)
{
	const struct ns_kind *kind = ns_kinds;
	while (kind->flag != CLONE_NEWNET)
		kind++;
	return kind;
}

/* A socket stays in the namespace in which it was made. */
static int
socket_in(int netns, int type, int protocol)
{
	struct socket_kind kind = { type, protocol, -1 };
	int result = netns < 0 ? open_socket(&kind) :
				 ns_within(netns, network_kind(), open_socket,
					   &kind);
	return result < 0 ? -1 : kind.fd;
}

static struct sockaddr_in
address_of(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(address) };
}

/* ---- the process of a box ---------------------------------------------- */

static _Noreturn void
serve(const char *name, int listener)
{
	for (;;) {
		struct sockaddr_in caller;
		socklen_t length = sizeof(caller);
		auto_close int fd = accept4(listener,
					    (struct sockaddr *)&caller,
					    &length, SOCK_CLOEXEC);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			_exit(1);
		char room[IPAM_ADDRESS_SIZE];
		if (fd >= 0)
			dprintf(fd, "%s sees %s\n", name,
				ipam_format(ntohl(caller.sin_addr.s_addr),
					    room));
	}
}

static int
open_server(uint16_t port)
{
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in here = address_of(INADDR_ANY, port);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, 64) < 0)
		return fail("open a server on port %u", port);
	return take_fd(&fd);
}

static _Noreturn void
live(const char *name, uint16_t port, int sock)
{
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int listener = port ? open_server(port) : -1;
	if (port && listener < 0) {
		sync_send_failure(sock);
		_exit(1);
	}
	/* The stage may have died before the prctl above: then nobody is
	 * there to hear this. */
	if (sync_send(sock, SYNC_READY) < 0)
		_exit(1);
	close(sock);
	if (port)
		serve(name, listener);
	for (;;)
		pause();
}

int
box_create(struct box *box, const char *name, uint16_t port)
{
	int parent_end, child_end;
	if (sync_pair(&parent_end, &child_end) < 0)
		return -1;
	auto_close int ours = parent_end;
	auto_close int theirs = child_end;
	fflush(stdout);
	*box = (struct box){ .name = name, .pidfd = -1, .netns = -1 };
	box->pid = sys_clone(CLONE_NEWNET, -1, &box->pidfd);
	if (box->pid == 0) {
		close_scoped(&ours);
		live(name, port, theirs);
	}
	if (box->pid < 0)
		return fail("make a network namespace for %s", name);
	close_scoped(&theirs);
	auto_free char *path = text("/proc/%d/ns/net", box->pid);
	box->netns = open(path, O_RDONLY | O_CLOEXEC);
	if (box->netns < 0)
		return fail("open %s", path);
	return sync_expect(ours, SYNC_READY, name);
}

/* ---- ping -------------------------------------------------------------- */

/* RFC 1071: the one's complement of the one's complement sum. */
static uint16_t
checksum(const void *bytes, size_t length)
{
	const uint16_t *words = bytes;
	uint32_t sum = 0;
	for (size_t i = 0; i < length / 2; i++)
		sum += words[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static long
now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/* Is this packet, IP header first, the answer to our echo? */
static bool
is_answer(const char *packet, ssize_t length, const struct icmphdr *echo,
	  int *ttl)
{
	struct iphdr ip;
	struct icmphdr icmp;
	if (length < (ssize_t)sizeof(ip))
		return false;
	memcpy(&ip, packet, sizeof(ip));
	if (length < (ssize_t)(ip.ihl * 4 + sizeof(icmp)))
		return false;
	memcpy(&icmp, packet + ip.ihl * 4, sizeof(icmp));
	*ttl = ip.ttl;
	return icmp.type == ICMP_ECHOREPLY &&
	       icmp.un.echo.id == echo->un.echo.id &&
	       icmp.un.echo.sequence == echo->un.echo.sequence;
}

/* Wait a second for the answer: 1 when it came, 0 when not. */
static int
await_answer(int fd, const struct icmphdr *echo, int *ttl)
{
	long end = now_us() + 1000000;
	for (long left; (left = end - now_us()) > 0;) {
		struct pollfd waits = { .fd = fd, .events = POLLIN };
		int ready = poll(&waits, 1, left / 1000 + 1);
		char packet[512];
		if (ready <= 0)
			continue;
		ssize_t length = recv(fd, packet, sizeof(packet), 0);
		if (length < 0)
			return fail("receive an echo");
		if (is_answer(packet, length, echo, ttl))
			return 1;
	}
	return 0;
}

int
box_ping(int netns, uint32_t to, int *ttl, long *us)
{
	char room[IPAM_ADDRESS_SIZE];
	ipam_format(to, room);
	auto_close int fd = socket_in(netns, SOCK_RAW, IPPROTO_ICMP);
	if (fd < 0)
		return wrap("ping %s", room);
	struct sockaddr_in there = address_of(to, 0);
	struct icmphdr echo = { .type = ICMP_ECHO,
				.un.echo.id = htons(getpid() & 0xffff) };
	for (int i = 1; i <= 3; i++) {
		echo.un.echo.sequence = htons(i);
		echo.checksum = 0;
		echo.checksum = checksum(&echo, sizeof(echo));
		long start = now_us();
		if (sendto(fd, &echo, sizeof(echo), 0,
			   (struct sockaddr *)&there, sizeof(there)) < 0)
			return fail("ping %s", room);
		int answered = await_answer(fd, &echo, ttl);
		*us = now_us() - start;
		if (answered != 0)
			return answered < 0 ? -1 : 0;
	}
	return failx("ping %s: no answer", room);
}

/* ---- asking a server --------------------------------------------------- */

int
box_ask(int netns, uint32_t to, uint16_t port, int ms, char *answer,
	size_t size)
{
	char room[IPAM_ADDRESS_SIZE];
	ipam_format(to, room);
	auto_close int fd = socket_in(netns, SOCK_STREAM, 0);
	if (fd < 0)
		return wrap("connect to %s:%u", room, port);
	/* SO_SNDTIMEO is the patience of connect(2), too. */
	struct timeval patience = { ms / 1000, ms % 1000 * 1000 };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	struct sockaddr_in there = address_of(to, port);
	if (connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0) {
		if (errno == EINPROGRESS) /* how the patience ends */
			errno = ETIMEDOUT;
		return fail("connect to %s:%u", room, port);
	}
	ssize_t length = recv(fd, answer, size - 1, MSG_WAITALL);
	if (length <= 0)
		return failx("connect to %s:%u: no answer", room, port);
	answer[length] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return 0;
}

/* ---- description ------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
add_line(char **lines, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char line[200];
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	auto_free char *before = *lines;
	*lines = text("%s%s\n", before, line);
}

static const char *
name_of(const struct netlink_link *links, size_t count, int index)
{
	for (size_t i = 0; i < count; i++)
		if (links[i].index == index)
			return links[i].name;
	return "?";
}

static int
describe_routes(struct netlink *nl, const struct netlink_link *links,
		size_t link_count, char **lines)
{
	auto_free struct netlink_route *routes = NULL;
	size_t count;
	if (netlink_list_routes(nl, AF_INET, &routes, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct netlink_route *route = &routes[i];
		char to[IPAM_ADDRESS_SIZE], via[IPAM_ADDRESS_SIZE];
		if (route->table != RT_TABLE_MAIN)
			continue;
		const char *name = name_of(links, link_count, route->link);
		ipam_format(netlink_to_ip4(&route->to), to);
		ipam_format(netlink_to_ip4(&route->via), via);
		if (route->via.family)
			add_line(lines, "route   %s/%u via %s, by %s", to,
				 route->to.prefix, via, name);
		else
			add_line(lines, "route   %s/%u, by %s", to,
				 route->to.prefix, name);
	}
	return 0;
}

char *
box_describe(int netns)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	auto_free struct netlink_address *addresses = NULL;
	auto_free char *lines = copy_text("");
	size_t link_count, address_count;
	if ((netns < 0 ? netlink_open(&nl) : netlink_open_in(&nl, netns)) < 0 ||
	    netlink_list_links(&nl, &links, &link_count) < 0 ||
	    netlink_list_addresses(&nl, AF_INET, &addresses,
				   &address_count) < 0)
		return NULL;
	for (size_t i = 0; i < link_count; i++) {
		const struct netlink_link *link = &links[i];
		const uint8_t *m = link->mac;
		add_line(&lines, "link    %-15s %-6s %-4s "
			 "%02x:%02x:%02x:%02x:%02x:%02x", link->name,
			 link->kind, link->up ? "up" : "down", m[0], m[1],
			 m[2], m[3], m[4], m[5]);
	}
	for (size_t i = 0; i < address_count; i++) {
		const struct netlink_ip *ip = &addresses[i].ip;
		char room[IPAM_ADDRESS_SIZE];
		add_line(&lines, "address %s/%u on %s",
			 ipam_format(netlink_to_ip4(ip), room), ip->prefix,
			 name_of(links, link_count, addresses[i].link));
	}
	if (describe_routes(&nl, links, link_count, &lines) < 0)
		return NULL;
	return take_ptr(&lines);
}
