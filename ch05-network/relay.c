/* relay.c - see relay.h. */
#include "relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys.h"

enum {
	CONNECTIONS = 512, /* at once; more must wait in the backlog */
	CHUNK = 16384,
	DATAGRAM = 65536,
};

/* One direction: what was read from one side and not yet written to the
 * other. */
struct pipe {
	char bytes[CHUNK];
	size_t start, end;
	bool is_over; /* nothing more will be read */
	bool is_shut; /* and the other side was told */
};

/* Who sent a datagram, and to which of the host's addresses: the answer has to
 * come from there.  That is told as ip(7)'s IP_PKTINFO. */
struct origin {
	struct sockaddr_storage client;
	socklen_t length;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(
		sizeof(struct in6_pktinfo))];
	size_t control_length;
};

/* A TCP connection of a client, side 0, to the container, side 1; or the
 * datagrams of a client of UDP, which come by the published socket. */
struct connection {
	int fd[2];
	struct pipe *from[2]; /* NULL for UDP */
	struct origin origin;
	int service;
};

static struct {
	const struct nat_port **ports;
	int *sockets;
	size_t services;
	struct connection *all[CONNECTIONS];
	size_t count;
} serving;

/* ---- to the container -------------------------------------------------- */

static int
connect_inside(const struct nat_port *port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} there = { .in6.sin6_port = htons(port->port) }; /* in's, too */
	if (port->is_ipv6)
		memcpy(&there.in6.sin6_addr, port->address6, 16);
	else
		there.in.sin_addr.s_addr = htonl(port->address);
	there.any.sa_family = port->is_ipv6 ? AF_INET6 : AF_INET;
	bool datagrams = port->protocol == IPPROTO_UDP;
	auto_close int fd = socket(
		there.any.sa_family,
		SOCK_CLOEXEC | SOCK_NONBLOCK |
			(datagrams ? SOCK_DGRAM : SOCK_STREAM), 0);
	/* Whoever does not answer there is nobody else's affair. */
	if (fd < 0 || (connect(fd, &there.any, sizeof(there)) < 0 &&
		       errno != EINPROGRESS))
		return -1;
	return take_fd(&fd);
}

static struct connection *
add_connection(int service)
{
	struct connection *new = new_bytes(sizeof(*new));
	*new = (struct connection){ .fd = { -1, -1 }, .service = service };
	serving.all[serving.count++] = new;
	return new;
}

static void
end_connection(size_t number)
{
	struct connection *old = serving.all[number];
	for (int side = 0; side < 2; side++) {
		close_scoped(&old->fd[side]);
		free(old->from[side]);
	}
	free(old);
	serving.all[number] = serving.all[--serving.count];
}

/* ---- TCP --------------------------------------------------------------- */

static void
accept_stream(int service)
{
	if (serving.count == CONNECTIONS)
		return; /* the next round */
	auto_close int fd = accept4(serving.sockets[service], NULL, NULL,
				    SOCK_CLOEXEC);
	auto_close int inside =
		fd < 0 ? -1 : connect_inside(serving.ports[service]);
	if (inside < 0)
		return; /* the client sees it closed, as if there were none */
	struct connection *new = add_connection(service);
	new->fd[0] = take_fd(&fd);
	new->fd[1] = take_fd(&inside);
	for (int side = 0; side < 2; side++) {
		new->from[side] = new_bytes(sizeof(struct pipe));
		*new->from[side] = (struct pipe){ .start = 0 };
	}
}

/* Move what can be moved from `side` to the other; false on an error. */
static bool
move(struct connection *c, int side, short from_events, short to_events)
{
	struct pipe *pipe = c->from[side];
	if (pipe->start == pipe->end && !pipe->is_over &&
	    (from_events & (POLLIN | POLLHUP | POLLERR))) {
		ssize_t got = recv(c->fd[side], pipe->bytes, CHUNK,
				   MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN;
		pipe->start = 0;
		pipe->end = got;
		pipe->is_over = got == 0;
	}
	if (pipe->start < pipe->end && (to_events & (POLLOUT | POLLERR))) {
		ssize_t sent = send(c->fd[!side], pipe->bytes + pipe->start,
				    pipe->end - pipe->start,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN;
		pipe->start += sent;
	}
	/* (Not of one that is not connected yet: that would be its end.) */
	if (pipe->is_over && pipe->start == pipe->end && !pipe->is_shut &&
	    (to_events & (POLLOUT | POLLERR | POLLHUP))) {
		shutdown(c->fd[!side], SHUT_WR);
		pipe->is_shut = true;
	}
	return true;
}

/* ---- UDP --------------------------------------------------------------- */

static bool
is_client(const struct connection *c, int service, const struct origin *from)
{
	return !c->from[0] && c->service == service &&
	       c->origin.length == from->length &&
	       memcmp(&c->origin.client, &from->client, from->length) == 0 &&
	       c->origin.control_length == from->control_length &&
	       memcmp(c->origin.control, from->control,
		      from->control_length) == 0;
}

static void
want_origins(int sock)
{
	int on = 1; /* of its family; the other says that it has none */
	setsockopt(sock, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	setsockopt(sock, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

/* The way back is the routes' affair, but for an address that is one link's
 * own. */
static void
forget_link(struct cmsghdr *header)
{
	if (header->cmsg_level == IPPROTO_IP) {
		struct in_pktinfo *to = (void *)CMSG_DATA(header);
		to->ipi_ifindex = 0;
	} else {
		struct in6_pktinfo *to = (void *)CMSG_DATA(header);
		if (!IN6_IS_ADDR_LINKLOCAL(&to->ipi6_addr))
			to->ipi6_ifindex = 0;
	}
}

static ssize_t
receive(int sock, char *buffer, struct origin *from)
{
	struct iovec bytes = { buffer, DATAGRAM };
	struct msghdr message = {
		.msg_name = &from->client,
		.msg_namelen = sizeof(from->client),
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = from->control,
		.msg_controllen = sizeof(from->control),
	};
	ssize_t got = recvmsg(sock, &message, MSG_DONTWAIT);
	if (got < 0)
		return -1;
	from->length = message.msg_namelen;
	from->control_length = message.msg_controllen;
	if (CMSG_FIRSTHDR(&message))
		forget_link(CMSG_FIRSTHDR(&message));
	return got;
}

/* A datagram of a client: find its connection, or make one. */
static void
take_datagram(int service, char *buffer)
{
	struct origin from = { 0 };
	ssize_t got = receive(serving.sockets[service], buffer, &from);
	if (got < 0)
		return;
	size_t i = 0;
	while (i < serving.count &&
	       !is_client(serving.all[i], service, &from))
		i++;
	if (i == serving.count) {
		if (serving.count == CONNECTIONS)
			end_connection(0);
		struct connection *new = add_connection(service);
		new->fd[1] = connect_inside(serving.ports[service]);
		i = serving.count - 1;
	}
	serving.all[i]->origin = from;
	send(serving.all[i]->fd[1], buffer, got, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
answer_datagram(struct connection *c, char *buffer)
{
	struct iovec bytes = { buffer, 0 };
	struct msghdr message = {
		.msg_name = &c->origin.client,
		.msg_namelen = c->origin.length,
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = c->origin.control,
		.msg_controllen = c->origin.control_length,
	};
	ssize_t got = recv(c->fd[1], buffer, DATAGRAM, MSG_DONTWAIT);
	if (got < 0)
		return;
	bytes.iov_len = got;
	sendmsg(serving.sockets[c->service], &message, MSG_DONTWAIT);
}

/* ---- the process ------------------------------------------------------- */

/* What to wait for at this side: bytes, when those before are gone, and room
 * for those of the other side. */
static short
events_at(const struct connection *c, int side)
{
	if (!c->from[0])
		return side == 1 ? POLLIN : 0;
	const struct pipe *in = c->from[side], *out = c->from[!side];
	return (in->start == in->end && !in->is_over ? POLLIN : 0) |
	       (out->start < out->end || (out->is_over && !out->is_shut) ?
			POLLOUT : 0);
}

/* A side with nothing to wait for would report its end for ever. */
static int
watched(const struct connection *c, int side)
{
	return events_at(c, side) ? c->fd[side] : -1;
}

static bool
is_done(const struct connection *c)
{
	return c->from[0] && c->from[0]->is_shut && c->from[1]->is_shut;
}

/* All that there is to wait for; returns how many. */
static size_t
gather(struct pollfd *waits)
{
	size_t services = serving.services;
	for (size_t i = 0; i < services; i++) {
		bool full = serving.count == CONNECTIONS;
		bool stream = serving.ports[i]->protocol == IPPROTO_TCP;
		waits[i] = (struct pollfd){
			full && stream ? -1 : serving.sockets[i], POLLIN, 0
		};
	}
	for (size_t i = 0; i < 2 * serving.count; i++) {
		const struct connection *c = serving.all[i / 2];
		waits[services + i] = (struct pollfd){
			watched(c, i % 2), events_at(c, i % 2), 0
		};
	}
	return services + 2 * serving.count;
}

/* From the last, because the end of one moves the last to its place. */
static void
serve_connections(const struct pollfd *waits, char *buffer)
{
	for (size_t i = serving.count; i-- > 0;) {
		struct connection *c = serving.all[i];
		short at[2] = { waits[2 * i].revents,
				waits[2 * i + 1].revents };
		if (!c->from[0]) {
			if (at[1])
				answer_datagram(c, buffer);
		} else if (!move(c, 0, at[0], at[1]) ||
			   !move(c, 1, at[1], at[0]) || is_done(c)) {
			end_connection(i);
		}
	}
}

static void
serve_round(struct pollfd *waits, char *buffer)
{
	if (poll(waits, gather(waits), -1) < 0)
		return;
	serve_connections(waits + serving.services, buffer);
	for (size_t i = 0; i < serving.services; i++) {
		if (!waits[i].revents)
			continue;
		if (serving.ports[i]->protocol == IPPROTO_TCP)
			accept_stream(i);
		else
			take_datagram(i, buffer);
	}
}

/* Two descriptors for each connection. */
static void
make_room(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static _Noreturn void
serve(void)
{
	make_room();
	size_t room = serving.services + 2 * CONNECTIONS;
	struct pollfd *waits = new_bytes(room * sizeof(*waits));
	char *buffer = new_bytes(DATAGRAM);
	prctl(PR_SET_NAME, "relay");
	signal(SIGPIPE, SIG_IGN);
	for (;;)
		serve_round(waits, buffer);
}

/* Before the process is there: nothing that comes from now on is lost.  Until
 * now a filter kept everything out (net_hold_port()). */
static void
open_ears(void)
{
	for (size_t i = 0; i < serving.services; i++) {
		setsockopt(serving.sockets[i], SOL_SOCKET, SO_DETACH_FILTER,
			   &(int){ 0 }, sizeof(int));
		if (serving.ports[i]->protocol == IPPROTO_TCP)
			listen(serving.sockets[i], SOMAXCONN);
		else
			want_origins(serving.sockets[i]);
	}
}

/* No rule leads from ::1, nor to another network namespace. */
static bool
is_for_relay(const struct nat_port *port, bool is_elsewhere)
{
	static const uint8_t any[16], loopback[16] = { [15] = 1 };
	bool by_loopback = memcmp(port->host_address6, any, 16) == 0 ||
			   memcmp(port->host_address6, loopback, 16) == 0;
	return port->protocol != IPPROTO_SCTP &&
	       (is_elsewhere || (port->is_ipv6 && by_loopback));
}

static int
start(struct relay *relay, int (*enter)(void *who), void *who)
{
	open_ears();
	pid_t parent = getpid();
	relay->pid = sys_clone(0, -1, &relay->pidfd);
	if (relay->pid < 0)
		return fail("start a relay");
	if (relay->pid > 0)
		return 0;
	/* Rights that are gained there take this wish back: it comes last. */
	if (enter && enter(who) < 0)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	serve();
}

/* Returns how many there are. */
static size_t
choose(const int *sockets, const struct nat_port *ports, size_t count,
       bool is_elsewhere)
{
	size_t chosen = 0;
	serving.ports = resize_bytes(serving.ports,
				     count * sizeof(*serving.ports));
	serving.sockets = resize_bytes(serving.sockets,
				       count * sizeof(*serving.sockets));
	for (size_t i = 0; i < count; i++) {
		if (!is_for_relay(&ports[i], is_elsewhere))
			continue;
		serving.ports[chosen] = &ports[i];
		serving.sockets[chosen++] = sockets[i];
	}
	return serving.services = chosen;
}

int
relay_start(struct relay *relay, const int *sockets,
	    const struct nat_port *ports, size_t count,
	    int (*enter)(void *who), void *who)
{
	bool is_elsewhere = enter != NULL;
	return choose(sockets, ports, count, is_elsewhere) ?
		       start(relay, enter, who) : 0;
}

void
relay_serve(const int *sockets, const struct nat_port *ports, size_t count)
{
	if (!choose(sockets, ports, count, false))
		return;
	open_ears();
	serve();
}

void
relay_stop(struct relay *relay)
{
	if (relay->pidfd < 0)
		return;
	sys_pidfd_send_signal(relay->pidfd, SIGKILL);
	while (waitpid(relay->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close_scoped(&relay->pidfd);
}
