/* dns_control.c - the name server.  See dns_control.h. */
#include "dns_control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_askers.h"
#include "dns_protocol.h"

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(DNS_GIVEN * sizeof(int))];
};

struct message {
	char text[DNS_MESSAGE_SIZE + 1];
	int given[DNS_GIVEN];
};

/* 0 when there is no more, -1 for what is no message. */
static int
receive(int fd, struct message *message)
{
	struct iovec part = { message->text, DNS_MESSAGE_SIZE };
	union control control;
	struct msghdr envelope = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t length = recvmsg(fd, &envelope,
				 MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (length <= 0)
		return length;
	message->text[length] = '\0';
	struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
	if (!rights || rights->cmsg_type != SCM_RIGHTS)
		return failx("no descriptors came with it");
	size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(message->given, CMSG_DATA(rights), count * sizeof(int));
	if (count != DNS_GIVEN || envelope.msg_flags &
	    (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < count; i++)
			close(message->given[i]);
		return failx("not the descriptors that were expected");
	}
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
	struct dns_source source;
};

/* A caller stays for as many containers as it likes. */
static void
on_caller(void *owner, uint32_t events)
{
	struct caller *caller = owner;
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
	dns_loop_close(caller->server->epoll, &caller->source);
	caller->server->caller_count--;
	free(caller);
}

static void
on_listener(void *owner, uint32_t events)
{
	struct dns_server *server = owner;
	(void)events;
	int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct caller *caller = new_bytes(sizeof(*caller));
	*caller = (struct caller){
		.server = server,
		.source = { .fd = fd, .owner = caller, .ready = on_caller },
	};
	if (dns_loop_watch(server->epoll, &caller->source, EPOLLIN) < 0) {
		close(fd);
		free(caller);
		return;
	}
	server->caller_count++;
}

int
dns_control_begin(struct dns_server *server, int listener)
{
	server->listener = (struct dns_source){
		.fd = listener, .owner = server, .ready = on_listener,
	};
	return dns_loop_watch(server->epoll, &server->listener, EPOLLIN);
}
