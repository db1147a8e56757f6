/* clients.c - monitor.  See clients.h. */
#include "clients.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "input.h"
#include "monitor.h"
#include "names_watch.h"
#include "note.h"
#include "relay_watch.h"

/* Who stays; and room for those who come with a question, `stop` above all. */
#define MOST 64
#define MORE 16
#define BIT(type) (1U << (type))

/* Not while there is no room for what it would say. */
static bool
may_speak(const struct monitor *m, const struct client *client)
{
	return !client->wants_input || !input_is_busy(m);
}

static void
watch(struct monitor *m, struct client *client)
{
	loop_watch(m->epoll, &client->source,
		   (may_speak(m, client) ? EPOLLIN : 0) |
			   (client->owes ? EPOLLOUT : 0));
}

/* Who was waited for, and has gone, is waited for no more. */
static void
settle(struct monitor *m)
{
	unsigned int owed = 0;
	for (struct client *c = m->clients; c; c = c->next)
		owed |= c->owes;
	for (size_t i = 0; i < countof(m->streams); i++) {
		struct stream *stream = &m->streams[i];
		if (!stream->held_length || (owed & BIT(stream->type)))
			continue;
		stream->held_length = 0;
		m->is_moving = true; /* stream_pump(), but not in here */
	}
}

static void
drop(struct monitor *m, struct client *client)
{
	struct client **link = &m->clients;
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	m->client_count--;
	loop_close(m->epoll, &client->source);
	bool was_writing = client->wants_input;
	free(client);
	if (was_writing)
		input_end(m);
	settle(m);
}

/* ---- to the client ----------------------------------------------------- */

/* 1: sent; 0: it cannot take it yet; -1: it is gone. */
static int
send_to(struct client *client, enum protocol_type type, uint32_t number,
	const char *bytes, size_t length)
{
	if (protocol_send(client->source.fd, type, number, bytes, length,
			  MSG_DONTWAIT) == 0) {
		client->owes &= ~BIT(type);
		client->stalled = 0;
		return 1;
	}
	if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM)
		return -1;
	client->owes |= BIT(type);
	if (!client->stalled)
		client->stalled = loop_now();
	return 0;
}

size_t
clients_send(struct monitor *m, enum protocol_type type, const char *bytes,
	     size_t length)
{
	size_t owing = 0;
	for (struct client *c = m->clients, *next; c; c = next) {
		next = c->next;
		if (!c->wants_output)
			continue;
		int sent = send_to(c, type, 0, bytes, length);
		if (sent < 0) {
			drop(m, c);
		} else if (sent == 0) {
			owing++;
			watch(m, c);
		}
	}
	return owing;
}

/* It can take something: the part of a stream that it owes, or the end. */
static bool
catch_up(struct monitor *m, struct client *client)
{
	for (size_t i = 0; i < countof(m->streams); i++) {
		struct stream *stream = &m->streams[i];
		if ((client->owes & BIT(stream->type)) &&
		    send_to(client, stream->type, 0, stream->held,
			    stream->held_length) < 0)
			return false;
	}
	if (client->owes & BIT(PROTOCOL_EXITED))
		/* Told, it is let go. */
		return send_to(client, PROTOCOL_EXITED, m->exit_code, NULL,
			       0) == 0;
	settle(m);
	return true;
}

void
clients_tell_exit(struct monitor *m)
{
	for (struct client *c = m->clients, *next; c; c = next) {
		next = c->next;
		if (send_to(c, PROTOCOL_EXITED, m->exit_code, NULL, 0) != 0)
			drop(m, c);
		else
			watch(m, c);
	}
}

/* ---- from the client --------------------------------------------------- */

static void
resize(struct monitor *m, uint32_t size)
{
	struct winsize window = { .ws_row = size >> 16,
				  .ws_col = size & 0xffff };
	m->window = size;
	if (m->plan.terminal && m->streams[0].source.fd >= 0 &&
	    ioctl(m->streams[0].source.fd, TIOCSWINSZ, &window) == 0)
		note_resized(m);
}

/* So its writer gets SIGPIPE, as at the end of any pipe. */
static void
close_stream(struct monitor *m, enum protocol_type type)
{
	for (size_t i = 0; i < countof(m->streams); i++)
		if (m->streams[i].type == type && !m->plan.terminal)
			loop_close(m->epoll, &m->streams[i].source);
	m->is_moving = true;
}

/* In place of what it held: of that nothing is let go that is in both. */
static bool
hold(struct monitor *m, struct client *client, int *given)
{
	if (*given < 0 || m->pid <= 0)
		return false;
	relay_watch_end(m);
	close_scoped(&m->held);
	m->held = take_fd(given);
	relay_watch_begin(m);
	return send_to(client, PROTOCOL_DONE, 0, NULL, 0) > 0;
}

static bool
welcome(struct monitor *m, struct client *client, uint32_t wants)
{
	size_t stay = 0;
	for (struct client *c = m->clients; c; c = c->next)
		stay += c->stays && c != client;
	if (stay >= MOST) {
		auto_free char *why = text("it has %d clients already", MOST);
		send_to(client, PROTOCOL_REFUSED, 0, why, strlen(why));
		return false;
	}
	client->stays = true;
	client->wants_output = wants & PROTOCOL_WANTS_OUTPUT;
	client->wants_input = wants & PROTOCOL_WANTS_INPUT;
	return send_to(client, PROTOCOL_WELCOME, m->plan.terminal, NULL, 0) > 0;
}

/* False when it is to be let go.  `given` is a descriptor that came along. */
static bool
take(struct monitor *m, struct client *client,
     const struct protocol_message *message, size_t length, int *given)
{
	switch (message->type) {
	case PROTOCOL_HELLO:
		return welcome(m, client, message->number);
	case PROTOCOL_INPUT:
		if (client->wants_input)
			input_put(m, message->bytes, length);
		return true;
	case PROTOCOL_INPUT_END:
		if (client->wants_input)
			input_end(m);
		client->wants_input = false;
		return true;
	case PROTOCOL_RESIZE:
		resize(m, message->number);
		return true;
	case PROTOCOL_STOP:
		m->restart.is_stopped = true;
		__attribute__((fallthrough));
	case PROTOCOL_SIGNAL:
		/* Our child, and not waited for yet: nobody else's pid. */
		if (m->pid > 0 && message->number)
			kill(m->pid, message->number);
		return send_to(client, PROTOCOL_DONE, 0, NULL, 0) > 0;
	case PROTOCOL_CLOSED:
		if (client->is_first)
			close_stream(m, message->number);
		client->wants_output = false;
		return true;
	case PROTOCOL_RESTART:
		if (length != sizeof(m->restart.policy))
			return false;
		memcpy(&m->restart.policy, message->bytes, length);
		return send_to(client, PROTOCOL_DONE, 0, NULL, 0) > 0;
	case PROTOCOL_HELD:
		return protocol_send_fd(client->source.fd, PROTOCOL_DONE,
					m->held) == 0;
	case PROTOCOL_HOLD:
		return hold(m, client, given);
	case PROTOCOL_NAMES:
		if (m->pid > 0)
			names_watch_begin(m);
		return send_to(client, PROTOCOL_DONE, 0, NULL, 0) > 0;
	case PROTOCOL_DETACH:
		client->wants_input = false;
		return false;
	}
	return false;
}

static void
on_ready(struct source *source, uint32_t events)
{
	struct monitor *m = source->owner;
	struct client *client = (struct client *)source;
	if ((events & EPOLLOUT) && !catch_up(m, client)) {
		drop(m, client);
		return;
	}
	bool has_gone = events & (EPOLLHUP | EPOLLERR);
	bool stays = !has_gone;
	if (may_speak(m, client) && (has_gone || (events & EPOLLIN))) {
		struct protocol_message *message = &m->message;
		auto_close int given = -1;
		ssize_t length = protocol_receive_fd(source->fd, message,
						     MSG_DONTWAIT, &given);
		stays = length < 0 ? errno == EAGAIN :
				     take(m, client, message, length, &given);
	}
	if (!stays)
		drop(m, client);
	clients_listen(m);
}

void
clients_listen(struct monitor *m)
{
	for (struct client *c = m->clients; c; c = c->next)
		watch(m, c);
}

/* ---- coming and going -------------------------------------------------- */

void
clients_add(struct monitor *m, int sock, bool is_first)
{
	struct client *client = new_bytes(sizeof(*client));
	client->source = (struct source){
		.fd = sock, .owner = m, .ready = on_ready,
	};
	client->is_first = is_first;
	client->next = m->clients;
	m->clients = client;
	m->client_count++;
	watch(m, client);
	/* It has said already what it wants, and is to miss nothing. */
	if (is_first)
		on_ready(&client->source, EPOLLIN);
}

void
clients_accept(struct source *listener, uint32_t events)
{
	struct monitor *m = listener->owner;
	(void)events;
	int sock = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		return;
	if (m->client_count < MOST + MORE)
		clients_add(m, sock, false);
	else
		close(sock);
}

int64_t
clients_expire(struct monitor *m, int64_t now)
{
	int64_t next_due = 0;
	for (struct client *c = m->clients, *next; c; c = next) {
		next = c->next;
		if (!c->stalled || c->is_first)
			continue;
		if (now - c->stalled >= CLIENT_PATIENCE)
			drop(m, c);
		else
			next_due = loop_earlier(next_due,
						c->stalled + CLIENT_PATIENCE);
	}
	return next_due;
}
