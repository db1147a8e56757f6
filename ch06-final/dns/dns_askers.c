/* dns_askers.c - the name server.  See dns_askers.h. */
#include "dns_askers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_answer.h"
#include "dns_client.h"
#include "dns_forward.h"
#include "dns_watch.h"

#define PACKETS_AT_ONCE 16 /* of one container, before the next one's turn */
#define PAUSE_MS 100

static void
ask(struct dns_asker *asker, const struct dns_client *client,
    const uint8_t *packet, size_t length)
{
	static uint8_t room[DNS_TCP_SIZE];
	struct dns_query query;
	int code = dns_read_query(packet, length, &query);
	if (code < 0)
		return;
	size_t size = client->connection ? sizeof(room) : query.size;
	dns_watch_refresh(asker->server);
	size_t answer = code > 0 ?
				dns_answer_code(&query, code, room, size) :
				dns_answer(&asker->server->names, asker->id,
					   &query, room, size);
	if (answer > 0)
		dns_client_answer(asker, client, &query, room, answer);
	else
		dns_forward(asker, client, &query, packet, length);
}

/* ---- events ------------------------------------------------------------- */

static void
on_udp(struct source *source, uint32_t events)
{
	struct dns_asker *asker = source->owner;
	static uint8_t packet[DNS_QUERY_SIZE];
	(void)events;
	for (int i = 0; i < PACKETS_AT_ONCE; i++) {
		struct dns_client client = { 0 };
		socklen_t size = sizeof(client.from);
		ssize_t length = recvfrom(asker->udp.fd, packet, sizeof(packet),
					  MSG_DONTWAIT | MSG_TRUNC,
					  (struct sockaddr *)&client.from,
					  &size);
		if (length < 0)
			return;
		if ((size_t)length <= sizeof(packet))
			ask(asker, &client, packet, length);
	}
}

static void
on_tcp(struct source *source, uint32_t events)
{
	struct dns_asker *asker = source->owner;
	(void)events;
	int fd = accept4(asker->tcp.fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		dns_client_connected(asker, fd);
	else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
		/* No descriptor is left.  Not to ask again at once: later. */
		loop_watch(asker->server->epoll, &asker->tcp, 0);
}

static void
on_end(struct source *source, uint32_t events)
{
	(void)events;
	dns_askers_remove(source->owner);
}

/* ---- coming and going --------------------------------------------------- */

static void
remove_namesake(struct dns_server *server, const char *id)
{
	for (struct dns_asker *a = server->askers; a; a = a->next)
		if (strcmp(a->id, id) == 0) {
			dns_askers_remove(a);
			return;
		}
}

static void
add_servers(struct dns_servers *servers, const char *addresses)
{
	auto_free char *copy = copy_text(addresses);
	char *rest = NULL;
	for (char *word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		dns_servers_add(servers, word);
}

int
dns_askers_add(struct dns_server *server, const char *id, int udp, int tcp,
	       int process, const char *servers)
{
	struct dns_asker *asker = new_bytes(sizeof(*asker));
	*asker = (struct dns_asker){
		.server = server,
		.ask = ask,
		.udp = { .fd = udp, .owner = asker, .ready = on_udp },
		.tcp = { .fd = tcp, .owner = asker, .ready = on_tcp },
		.process = { .fd = process, .owner = asker, .ready = on_end },
	};
	remove_namesake(server, id);
	snprintf(asker->id, sizeof(asker->id), "%s", id);
	add_servers(&asker->servers, servers);
	asker->next = server->askers;
	server->askers = asker;
	if (loop_watch(server->epoll, &asker->udp, EPOLLIN) < 0 ||
	    loop_watch(server->epoll, &asker->tcp, EPOLLIN) < 0 ||
	    loop_watch(server->epoll, &asker->process, EPOLLIN) < 0) {
		dns_askers_remove(asker);
		return -1;
	}
	return 0;
}

void
dns_askers_remove(struct dns_asker *asker)
{
	struct dns_server *server = asker->server;
	struct dns_asker **link = &server->askers;
	dns_forward_cancel(asker);
	dns_client_close_all(asker);
	loop_close(server->epoll, &asker->udp);
	loop_close(server->epoll, &asker->tcp);
	loop_close(server->epoll, &asker->process);
	while (*link != asker)
		link = &(*link)->next;
	*link = asker->next;
	free(asker);
	if (!server->askers)
		server->idle_since = loop_now();
}

int64_t
dns_askers_expire(struct dns_server *server, int64_t now)
{
	int64_t earliest = INT64_MAX;
	for (struct dns_asker *a = server->askers; a; a = a->next) {
		int64_t due = dns_client_expire(a, now);
		if (due < earliest)
			earliest = due;
		if (a->tcp.events == 0 &&
		    loop_watch(server->epoll, &a->tcp, EPOLLIN) == 0 &&
		    now + PAUSE_MS < earliest)
			earliest = now + PAUSE_MS;
	}
	return earliest;
}
