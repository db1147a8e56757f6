/* dns_client.c - the name server.  See dns_client.h. */
#include "dns_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_answer.h"

struct dns_connection {
	struct dns_asker *asker;
	struct dns_connection *next;
	uint64_t number;
	struct source source;
	uint8_t in[2 + DNS_QUERY_SIZE];
	size_t have;
	uint8_t *out;
	size_t out_length, sent;
	unsigned waiting; /* questions without an answer as yet */
	bool has_ended;	  /* the client says no more */
	int64_t due;	  /* when it is closed; 0: now */
};

/* Who does not take his answers gets no more of them. */
#define UNTAKEN_MAX (2 * DNS_TCP_SIZE)

static void
watch(struct dns_connection *c)
{
	size_t untaken = c->out_length - c->sent;
	uint32_t events = untaken ? EPOLLOUT : 0;
	if (!c->has_ended && untaken < UNTAKEN_MAX)
		events |= EPOLLIN;
	if (c->has_ended && !untaken && c->waiting == 0)
		c->due = 0;
	if (loop_watch(c->asker->server->epoll, &c->source, events) < 0)
		c->due = 0;
}

static void
send_rest(struct dns_connection *c)
{
	while (c->sent < c->out_length) {
		ssize_t sent = send(c->source.fd, c->out + c->sent,
				    c->out_length - c->sent,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			c->sent = c->out_length;
			c->has_ended = true;
			c->due = 0;
		}
		if (sent < 0)
			return;
		c->sent += sent;
		c->due = loop_now() + DNS_CONNECTION_IDLE_MS;
	}
	c->out_length = c->sent = 0;
}

static void
answer_by_tcp(struct dns_connection *c, const uint8_t *packet, size_t length)
{
	c->waiting -= c->waiting > 0;
	c->out = resize_bytes(c->out, c->out_length + 2 + length);
	dns_put_number(c->out + c->out_length, length);
	memcpy(c->out + c->out_length + 2, packet, length);
	c->out_length += 2 + length;
	send_rest(c);
	watch(c);
}

void
dns_client_answer(struct dns_asker *asker, const struct dns_client *client,
		  const struct dns_query *query, const uint8_t *packet,
		  size_t length)
{
	uint8_t cut[DNS_UDP_SIZE];
	if (client->connection) {
		struct dns_connection *c = asker->connections;
		while (c && c->number != client->connection)
			c = c->next;
		if (c)
			answer_by_tcp(c, packet, length);
		return;
	}
	if (length > query->size) {
		length = dns_answer_cut(query, cut, sizeof(cut));
		packet = cut;
	}
	/* One that cannot be sent now is as good as lost on the way. */
	(void)sendto(asker->udp.fd, packet, length, MSG_DONTWAIT,
		     (const struct sockaddr *)&client->from,
		     sizeof(client->from));
}

/* The questions that are there whole. */
static void
take_questions(struct dns_connection *c)
{
	size_t at = 0;
	while (c->have - at >= 2) {
		size_t length = dns_number(c->in + at);
		if (length > DNS_QUERY_SIZE) {
			c->has_ended = true;
			c->due = 0;
			return;
		}
		if (c->have - at < 2 + length)
			break;
		struct dns_client client = { .connection = c->number };
		c->waiting++;
		c->asker->ask(c->asker, &client, c->in + at + 2, length);
		at += 2 + length;
	}
	memmove(c->in, c->in + at, c->have - at);
	c->have -= at;
}

static void
on_ready(struct source *source, uint32_t events)
{
	struct dns_connection *c = source->owner;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		send_rest(c);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !c->has_ended) {
		ssize_t got = recv(c->source.fd, c->in + c->have,
				   sizeof(c->in) - c->have, MSG_DONTWAIT);
		if (got > 0) {
			c->have += got;
			c->due = loop_now() + DNS_CONNECTION_IDLE_MS;
			take_questions(c);
		} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
			c->has_ended = true;
		}
	}
	watch(c);
}

static void
close_connection(struct dns_connection *c)
{
	struct dns_connection **link = &c->asker->connections;
	loop_close(c->asker->server->epoll, &c->source);
	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	c->asker->connection_count--;
	free(c->out);
	free(c);
}

static void
close_stillest(struct dns_asker *asker)
{
	struct dns_connection *stillest = asker->connections;
	for (struct dns_connection *c = stillest; c; c = c->next)
		if (c->due < stillest->due)
			stillest = c;
	close_connection(stillest);
}

void
dns_client_connected(struct dns_asker *asker, int fd)
{
	if (asker->connection_count == DNS_CONNECTIONS_EACH)
		close_stillest(asker);
	struct dns_connection *c = new_bytes(sizeof(*c));
	*c = (struct dns_connection){
		.asker = asker,
		.next = asker->connections,
		.number = ++asker->connection_last,
		.source = { .fd = fd, .owner = c, .ready = on_ready },
		.due = loop_now() + DNS_CONNECTION_IDLE_MS,
	};
	asker->connections = c;
	asker->connection_count++;
	watch(c);
}

void
dns_client_close_all(struct dns_asker *asker)
{
	while (asker->connections)
		close_connection(asker->connections);
}

int64_t
dns_client_expire(struct dns_asker *asker, int64_t now)
{
	int64_t earliest = INT64_MAX;
	struct dns_connection *next;
	for (struct dns_connection *c = asker->connections; c; c = next) {
		next = c->next;
		if (c->due <= now)
			close_connection(c);
		else if (c->due < earliest)
			earliest = c->due;
	}
	return earliest;
}
