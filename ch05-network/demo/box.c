/* box.c - see box.h. */
#include "box.h"

#include <arpa/inet.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipam.h"
#include "netlink.h"
#include "ns.h"
#include "sync.h"
#include "sys.h"

/* ---- inside ------------------------------------------------------------ */

const struct ns_kind *
box_network_kind(void)
{
	const struct ns_kind *kind = ns_kinds;
	while (kind->flag != CLONE_NEWNET)
		kind++;
	return kind;
}

int
box_within(int netns, int (*call)(void *), void *data)
{
	return netns < 0 ? call(data) :
			   ns_within(netns, box_network_kind(), call, data);
}

struct socket_kind {
	int family;
	int type;
	int protocol;
	int fd;
};

static int
open_socket(void *data)
{
	struct socket_kind *kind = data;
	kind->fd = socket(kind->family, kind->type | SOCK_CLOEXEC,
			  kind->protocol);
	return kind->fd < 0 ? fail("open a socket") : 0;
}

/* A socket stays in the namespace in which it was made. */
int
box_socket(int netns, int family, int type, int protocol)
{
	struct socket_kind kind = { family, type, protocol, -1 };
	return box_within(netns, open_socket, &kind) < 0 ? -1 : kind.fd;
}

bool
box_wait(int fd, int ms)
{
	struct pollfd waits = { .fd = fd, .events = POLLIN };
	int ready;
	do
		ready = poll(&waits, 1, ms);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* An address of either family, with a port, as the calls of sockets want it;
 * returns its size, 0 for what is no address. */
static socklen_t
address_of(const char *text_of_it, uint16_t port,
	   struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	struct netlink_ip ip;
	*address = (struct sockaddr_storage){ 0 };
	if (netlink_parse_ip(text_of_it, &ip) < 0)
		return 0;
	address->ss_family = ip.family;
	if (ip.family == AF_INET) {
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, ip.bytes, 4);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, ip.bytes, 16);
	return sizeof(*in6);
}

/* ---- the process of a box ---------------------------------------------- */

enum { MAX_SERVED = 32 };

/* A socket for both families has IPv4 addresses as ::ffff:203.0.113.2. */
static int
describe_caller(const char *name, uint16_t port,
		const struct sockaddr_in6 *caller, char *line, size_t size)
{
	char room[INET6_ADDRSTRLEN];
	const char *address = room;
	if (caller->sin6_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)caller)
					    ->sin_addr, room, sizeof(room));
	else
		inet_ntop(AF_INET6, &caller->sin6_addr, room, sizeof(room));
	if (strncmp(room, "::ffff:", 7) == 0)
		address += 7;
	return snprintf(line, size, "%s:%u sees %s\n", name, port, address);
}

/* One caller, of a socket that has something to read. */
static void
answer(const char *name, uint16_t port, int fd, bool stream)
{
	struct sockaddr_in6 caller = { 0 };
	socklen_t length = sizeof(caller);
	char line[128], byte;
	auto_close int connection = -1;
	if (stream)
		connection = accept4(fd, (struct sockaddr *)&caller, &length,
				     SOCK_CLOEXEC);
	else if (recvfrom(fd, &byte, 1, MSG_DONTWAIT,
			  (struct sockaddr *)&caller, &length) < 0)
		return;
	int bytes = describe_caller(name, port, &caller, line, sizeof(line));
	if (stream && connection >= 0)
		send(connection, line, bytes, MSG_NOSIGNAL);
	else if (!stream)
		sendto(fd, line, bytes, MSG_DONTWAIT,
		       (struct sockaddr *)&caller, length);
}

static _Noreturn void
serve(const char *name, uint16_t first_port, struct pollfd *sockets,
      size_t count)
{
	for (;;) {
		if (poll(sockets, 2 * count, -1) < 0)
			continue;
		for (size_t i = 0; i < 2 * count; i++)
			if (sockets[i].revents)
				answer(name, first_port + i / 2,
				       sockets[i].fd, i % 2 == 0);
	}
}

/* Of both families; of IPv4 alone where the kernel has no IPv6. */
static int
open_server(int type, uint16_t port)
{
	struct sockaddr_storage here;
	socklen_t length = address_of("::", port, &here);
	auto_close int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		length = address_of("0.0.0.0", port, &here);
		fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	}
	/* Connections of before that are not quite over are no hindrance. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ type == SOCK_STREAM },
		   sizeof(int));
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, length) < 0 ||
	    (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return fail("open a server on port %u", port);
	return take_fd(&fd);
}

static int
open_servers(uint16_t first_port, size_t count, struct pollfd *sockets)
{
	for (size_t i = 0; i < 2 * count; i++) {
		sockets[i].events = POLLIN;
		sockets[i].fd = open_server(i % 2 ? SOCK_DGRAM : SOCK_STREAM,
					    first_port + i / 2);
		if (sockets[i].fd < 0)
			return -1;
	}
	return 0;
}

static _Noreturn void
live(const char *name, int where, uint16_t first_port, size_t count, int sock)
{
	struct pollfd sockets[2 * MAX_SERVED];
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if ((where >= 0 && sys_setns(where, CLONE_NEWNET) < 0 &&
	     fail("enter a network namespace") < 0) ||
	    open_servers(first_port, count, sockets) < 0) {
		sync_send_failure(sock);
		_exit(1);
	}
	/* The stage may have died before the prctl above: then nobody is
	 * there to hear this. */
	if (sync_send(sock, SYNC_READY) < 0)
		_exit(1);
	close(sock);
	if (count)
		serve(name, first_port, sockets, count);
	for (;;)
		pause();
}

int
box_create(struct box *box, const char *name, int where, uint16_t first_port,
	   size_t count)
{
	int parent_end, child_end;
	*box = (struct box){ .name = name, .pidfd = -1, .netns = -1 };
	if (count > MAX_SERVED)
		return failx("%s: %zu servers are too many", name, count);
	if (sync_pair(&parent_end, &child_end) < 0)
		return -1;
	auto_close int ours = parent_end;
	auto_close int theirs = child_end;
	fflush(stdout);
	box->pid = sys_clone(where == BOX_NEW ? CLONE_NEWNET : 0, -1,
			     &box->pidfd);
	if (box->pid == 0) {
		close_scoped(&ours);
		live(name, where, first_port, count, theirs);
	}
	if (box->pid < 0)
		return fail("make a network namespace for %s", name);
	close_scoped(&theirs);
	if (sync_expect(ours, SYNC_READY, name) < 0)
		return -1;
	auto_free char *path = text("/proc/%d/ns/net", box->pid);
	box->netns = open(path, O_RDONLY | O_CLOEXEC);
	return box->netns < 0 ? fail("open %s", path) : 0;
}

void
box_end(struct box *box)
{
	if (box->pidfd < 0)
		return;
	sys_pidfd_send_signal(box->pidfd, SIGKILL);
	while (waitpid(box->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close_scoped(&box->pidfd);
	close_scoped(&box->netns);
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
	auto_close int fd =
		box_socket(netns, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (fd < 0)
		return wrap("ping %s", room);
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(to) };
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

/* One try.  A call with a patience is not taken up again after a signal, but
 * says EINTR (signal(7)). */
static int
try_ask_once(int fd, const struct sockaddr_storage *there, socklen_t length,
	     bool stream, char *line, size_t size)
{
	if (connect(fd, (const struct sockaddr *)there, length) < 0 ||
	    (!stream && send(fd, "?", 1, 0) < 0))
		return -1;
	ssize_t bytes = recv(fd, line, size - 1, stream ? MSG_WAITALL : 0);
	if (bytes == 0)
		errno = ECONNRESET;
	if (bytes <= 0)
		return -1;
	line[bytes] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

int
box_ask(int netns, int protocol, const char *to, uint16_t port, int ms,
	char *line, size_t size)
{
	struct sockaddr_storage there;
	socklen_t length = address_of(to, port, &there);
	bool stream = protocol == IPPROTO_TCP;
	struct timeval patience = { ms / 1000, ms % 1000 * 1000 };
	for (int tries = 0; length && tries < 5; tries++) {
		auto_close int fd = box_socket(netns, there.ss_family,
					       stream ? SOCK_STREAM :
							SOCK_DGRAM, 0);
		if (fd < 0)
			break;
		/* SO_SNDTIMEO is the patience of connect(2), too. */
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			   sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
		if (try_ask_once(fd, &there, length, stream, line, size) == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno == EINPROGRESS || errno == EAGAIN)
			errno = ETIMEDOUT; /* how the patience ends */
		return fail("connect to %s:%u", to, port);
	}
	return wrap("connect to %s:%u", to, port);
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

const char *
box_link_name(const struct netlink_link *links, size_t count, int index)
{
	for (size_t i = 0; i < count; i++)
		if (links[i].index == index)
			return links[i].name;
	return "?";
}

/* fe80::/10, which every link has; ff00::/8, groups; ::1, which every lo has;
 * and what is kept besides the main table. */
bool
box_leaves_out(const struct netlink_ip *ip)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	return ip->family == AF_INET6 &&
	       ((ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80) ||
		ip->bytes[0] == 0xff || memcmp(ip->bytes, loopback, 16) == 0);
}

static void
describe_route(const struct netlink_route *route, const char *link,
	       char **lines)
{
	char to[NETLINK_IP_SIZE], via[NETLINK_IP_SIZE];
	netlink_format_ip(&route->to, to);
	netlink_format_ip(&route->via, via);
	const char *end = route->to.prefix == 0 ? "/0" : "";
	if (route->via.family)
		add_line(lines, "route   %s%s via %s, by %s", to, end, via,
			 link);
	else
		add_line(lines, "route   %s%s, by %s", to, end, link);
}

static int
describe_routes(struct netlink *nl, const struct netlink_link *links,
		size_t link_count, char **lines)
{
	auto_free struct netlink_route *routes = NULL;
	size_t count;
	if (netlink_list_routes(nl, AF_UNSPEC, &routes, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (routes[i].table == RT_TABLE_MAIN &&
		    routes[i].type == RTN_UNICAST &&
		    !box_leaves_out(&routes[i].to))
			describe_route(&routes[i],
				       box_link_name(links, link_count,
						     routes[i].link), lines);
	return 0;
}

static void
describe_links(const struct netlink_link *links, size_t count, char **lines)
{
	for (size_t i = 0; i < count; i++) {
		const struct netlink_link *link = &links[i];
		const uint8_t *m = link->mac;
		add_line(lines, "link    %-15s %-7s %-4s "
			 "%02x:%02x:%02x:%02x:%02x:%02x", link->name,
			 link->kind, link->up ? "up" : "down", m[0], m[1],
			 m[2], m[3], m[4], m[5]);
	}
}

static void
describe_addresses(const struct netlink_address *addresses, size_t count,
		   const struct netlink_link *links, size_t link_count,
		   char **lines)
{
	for (size_t i = 0; i < count; i++) {
		char room[NETLINK_IP_SIZE];
		if (!box_leaves_out(&addresses[i].ip))
			add_line(lines, "address %s on %s",
				 netlink_format_ip(&addresses[i].ip, room),
				 box_link_name(links, link_count,
					       addresses[i].link));
	}
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
	    netlink_list_addresses(&nl, AF_UNSPEC, &addresses,
				   &address_count) < 0)
		return NULL;
	describe_links(links, link_count, &lines);
	describe_addresses(addresses, address_count, links, link_count,
			   &lines);
	if (describe_routes(&nl, links, link_count, &lines) < 0)
		return NULL;
	return take_ptr(&lines);
}
