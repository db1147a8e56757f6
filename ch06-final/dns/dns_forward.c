/* dns_forward.c - the name server.  See dns_forward.h. */
#include "dns_forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_answer.h"
#include "dns_client.h"

struct dns_forward {
	struct dns_asker *asker;
	struct dns_forward *next;
	struct dns_client client;
	struct dns_query query;
	struct dns_servers servers;
	size_t turn; /* which of them is asked */
	struct source source;
	bool by_tcp;
	int64_t due;
	uint8_t *packet; /* the length, as TCP has it, and the question */
	size_t length;	 /* of the question */
	uint8_t *in;	 /* by TCP: what has come of the answer */
	size_t sent, have;
};

static void
end_forward(struct dns_forward *f)
{
	struct dns_server *server = f->asker->server;
	struct dns_forward **link = &server->forwards;
	loop_close(server->epoll, &f->source);
	while (*link != f)
		link = &(*link)->next;
	*link = f->next;
	server->forward_count--;
	f->asker->forward_count--;
	free(f->in);
	free(f->packet);
	free(f);
}

/* Send it to who waits; that is the end of it. */
static void
give(struct dns_forward *f, const uint8_t *packet, size_t length)
{
	struct dns_client client = f->client;
	struct dns_asker *asker = f->asker;
	struct dns_query query = f->query;
	end_forward(f);
	dns_client_answer(asker, &client, &query, packet, length);
}

static void
give_up(struct dns_forward *f)
{
	uint8_t room[DNS_UDP_SIZE];
	size_t length = dns_answer_code(&f->query, DNS_SERVER_FAILURE, room,
					sizeof(room));
	give(f, room, length);
}

/* ---- one server --------------------------------------------------------- */

static void on_ready(struct source *source, uint32_t events);

static int
open_socket(struct dns_forward *f)
{
	const union dns_address *to = &f->servers.list[f->turn];
	int kind = f->by_tcp ? SOCK_STREAM : SOCK_DGRAM;
	f->source = (struct source){
		.fd = socket(to->any.sa_family,
			     kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.owner = f,
		.ready = on_ready,
	};
	socklen_t size = to->any.sa_family == AF_INET ? sizeof(to->four) :
							sizeof(to->six);
	if (f->source.fd < 0 ||
	    (connect(f->source.fd, &to->any, size) < 0 &&
	     errno != EINPROGRESS))
		return -1;
	return 0;
}

static int
ask(struct dns_forward *f)
{
	uint8_t random[DNS_NAME_SIZE];
	uint16_t id;
	f->due = loop_now() + DNS_PATIENCE_MS;
	f->sent = f->have = 0;
	free_scoped(&f->in);
	if (getrandom(&id, sizeof(id), 0) != sizeof(id) ||
	    getrandom(random, sizeof(random), 0) != sizeof(random) ||
	    open_socket(f) < 0)
		return -1;
	dns_disguise(f->packet + 2, id, random);
	if (f->by_tcp)
		f->in = new_bytes(2 + DNS_TCP_SIZE);
	else if (send(f->source.fd, f->packet + 2, f->length, 0) < 0)
		return -1;
	return loop_watch(f->asker->server->epoll, &f->source,
			      f->by_tcp ? EPOLLOUT : EPOLLIN);
}

/* The server at `turn`, or the first one after it that can be asked. */
static void
ask_from(struct dns_forward *f)
{
	for (; f->turn < f->servers.count; f->turn++) {
		loop_close(f->asker->server->epoll, &f->source);
		if (ask(f) == 0)
			return;
	}
	give_up(f);
}

static void
ask_next(struct dns_forward *f)
{
	f->by_tcp = f->client.connection;
	f->turn++;
	ask_from(f);
}

/* ---- its answer --------------------------------------------------------- */

/* What the last one says is the answer, whatever it is. */
static bool
has_failed(const struct dns_forward *f, const uint8_t *packet)
{
	enum dns_rcode rcode = dns_rcode_of(packet);
	return (rcode == DNS_SERVER_FAILURE || rcode == DNS_REFUSED) &&
	       f->turn + 1 < f->servers.count;
}

static void
take(struct dns_forward *f, uint8_t *packet, size_t length)
{
	switch (dns_match_reply(packet, length, f->packet + 2, f->length)) {
	case DNS_STRANGE:
		if (f->by_tcp)
			ask_next(f);
		return;
	case DNS_OTHER_LETTERS:
		if (!f->by_tcp) {
			f->by_tcp = true;
			ask_from(f);
			return;
		}
		break;
	case DNS_ONLY_ERROR:
		ask_next(f);
		return;
	case DNS_MATCH:
		break;
	}
	if (has_failed(f, packet)) {
		ask_next(f);
		return;
	}
	dns_restore(packet, &f->query);
	give(f, packet, length);
}

static void
receive(struct dns_forward *f)
{
	static uint8_t packet[DNS_TCP_SIZE];
	ssize_t length = recv(f->source.fd, packet, sizeof(packet),
			      MSG_DONTWAIT);
	if (length >= 0)
		take(f, packet, length);
	else if (errno != EAGAIN && errno != EINTR)
		ask_next(f); /* nobody is there: ECONNREFUSED */
}

static void
send_by_tcp(struct dns_forward *f)
{
	ssize_t sent = send(f->source.fd, f->packet + f->sent,
			    2 + f->length - f->sent,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	f->sent += sent > 0 ? sent : 0;
	if (sent < 0 ||
	    (f->sent == 2 + f->length &&
	     loop_watch(f->asker->server->epoll, &f->source, EPOLLIN) < 0))
		ask_next(f);
}

static void
receive_by_tcp(struct dns_forward *f)
{
	size_t whole = f->have < 2 ? 2 : 2 + dns_number(f->in);
	ssize_t got = recv(f->source.fd, f->in + f->have, whole - f->have,
			   MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		ask_next(f);
		return;
	}
	f->have += got;
	if (f->have < 2 || f->have < 2u + dns_number(f->in))
		return;
	/* take() lets go of it. */
	auto_free uint8_t *in = take_ptr(&f->in);
	take(f, in + 2, f->have - 2);
}

static void
on_ready(struct source *source, uint32_t events)
{
	struct dns_forward *f = source->owner;
	(void)events;
	if (!f->by_tcp)
		receive(f);
	else if (f->sent < 2 + f->length)
		send_by_tcp(f);
	else
		receive_by_tcp(f);
}

/* ---- coming and going --------------------------------------------------- */

void
dns_forward(struct dns_asker *asker, const struct dns_client *client,
	    const struct dns_query *query, const uint8_t *packet,
	    size_t length)
{
	struct dns_server *server = asker->server;
	uint8_t room[DNS_UDP_SIZE];
	if (asker->forward_count == DNS_FORWARDS_EACH ||
	    server->forward_count == DNS_FORWARDS_ALL) {
		size_t refusal = dns_answer_code(query, DNS_SERVER_FAILURE,
						 room, sizeof(room));
		dns_client_answer(asker, client, query, room, refusal);
		return;
	}
	struct dns_forward *f = new_bytes(sizeof(*f));
	*f = (struct dns_forward){
		.asker = asker,
		.next = server->forwards,
		.client = *client,
		.query = *query,
		.servers = asker->servers.count ?
				   asker->servers :
				   *dns_host_servers(&server->host),
		.source = { .fd = -1 },
		.by_tcp = client->connection,
		.packet = new_bytes(2 + length),
		.length = length,
	};
	dns_put_number(f->packet, length);
	memcpy(f->packet + 2, packet, length);
	server->forwards = f;
	server->forward_count++;
	asker->forward_count++;
	ask_from(f);
}

void
dns_forward_cancel(struct dns_asker *asker)
{
	struct dns_forward *next;
	for (struct dns_forward *f = asker->server->forwards; f; f = next) {
		next = f->next;
		if (f->asker == asker)
			end_forward(f);
	}
}

int64_t
dns_forward_expire(struct dns_server *server, int64_t now)
{
	int64_t earliest = INT64_MAX;
	struct dns_forward *next;
	for (struct dns_forward *f = server->forwards; f; f = next) {
		next = f->next;
		if (f->due > now) {
			if (f->due < earliest)
				earliest = f->due;
			continue;
		}
		ask_next(f);
		/* Perhaps it was asked of another one: that is due later. */
		if (now + DNS_PATIENCE_MS < earliest)
			earliest = now + DNS_PATIENCE_MS;
	}
	return earliest;
}
