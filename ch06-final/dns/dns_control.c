/* dns_control.c - the name server.  See dns_control.h. */
#include "dns_control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_askers.h"
#include "dns_protocol.h"
#include "passfd.h"

struct message {
	char text[DNS_MESSAGE_SIZE + 1];
	int given[DNS_GIVEN];
};

/* 0 when there is no more, -1 for what is no message. */
static int
receive(int fd, struct message *message)
{
	size_t count = DNS_GIVEN;
	/* MSG_TRUNC: how long it was, be there room for it or not. */
	ssize_t length = passfd_receive(fd, message->text, DNS_MESSAGE_SIZE,
					message->given, &count,
					MSG_DONTWAIT | MSG_TRUNC);
	if (length <= 0)
		return length;
	if (count != DNS_GIVEN || length > DNS_MESSAGE_SIZE) {
		while (count > 0)
			close(message->given[--count]);
		return failx("not what a client says");
	}
	message->text[length] = '\0';
	return 1;
}

static int
take(struct dns_server *server, struct message *message)
{
	char *rest = NULL;
	char *id = strtok_r(message->text, "\n", &rest);
	char *servers = strtok_r(NULL, "\n", &rest);
	int *given = message->given;
	if (!id || strlen(id) != DNS_ID_LENGTH) {
		for (size_t i = 0; i < DNS_GIVEN; i++)
			close(given[i]);
		return failx("no id of a container");
	}
	return dns_askers_add(server, id, given[DNS_GIVEN_UDP],
			      given[DNS_GIVEN_TCP], given[DNS_GIVEN_PROCESS],
			      servers ?: "");
}

struct caller {
	struct dns_server *server;
	struct source source;
};

/* A caller stays for as many containers as it likes. */
static void
on_caller(struct source *source, uint32_t events)
{
	struct caller *caller = source->owner;
	struct message message;
	(void)events;
	int got = receive(caller->source.fd, &message);
	if (got > 0)
		got = take(caller->server, &message) < 0 ? -1 : 1;
	if (got > 0) {
		(void)send(caller->source.fd, DNS_TAKEN, strlen(DNS_TAKEN),
			   MSG_NOSIGNAL | MSG_DONTWAIT);
		return;
	}
	if (got < 0)
		(void)send(caller->source.fd, failure.text,
			   strlen(failure.text), MSG_NOSIGNAL | MSG_DONTWAIT);
	loop_close(caller->server->epoll, &caller->source);
	caller->server->caller_count--;
	free(caller);
}

static void
on_listener(struct source *source, uint32_t events)
{
	struct dns_server *server = source->owner;
	(void)events;
	int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct caller *caller = new_bytes(sizeof(*caller));
	*caller = (struct caller){
		.server = server,
		.source = { .fd = fd, .owner = caller, .ready = on_caller },
	};
	if (loop_watch(server->epoll, &caller->source, EPOLLIN) < 0) {
		close(fd);
		free(caller);
		return;
	}
	server->caller_count++;
}

int
dns_control_begin(struct dns_server *server, int listener)
{
	server->listener = (struct source){
		.fd = listener, .owner = server, .ready = on_listener,
	};
	return loop_watch(server->epoll, &server->listener, EPOLLIN);
}
