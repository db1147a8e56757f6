/*
 * dns_server.h - the name server's own state: which containers ask it, what of
 * theirs is under way.
 *
 *	control		a container comes: its sockets, its process
 *	askers		its questions are answered
 *	forward		or asked of others on its behalf
 *	client		by UDP, or by a connection: questions, answers
 *
 * Nobody waits for anybody: all is one process, one loop (loop.h), and
 * what takes time is a struct in a list until its descriptor is ready or its
 * time is over.
 */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include "loop.h"
#include "dns_message.h"
#include "dns_names.h"
#include "dns_servers.h"

/* The most that one container, and all together, may have under way.  The
 * rest is refused: no container can use up what the others need. */
#define DNS_FORWARDS_EACH 256
#define DNS_FORWARDS_ALL 1024
#define DNS_CONNECTIONS_EACH 32

struct dns_connection;
struct dns_forward;
struct dns_asker;

/* Who waits for an answer: the other end of a connection, or of UDP. */
struct dns_client {
	uint64_t connection; /* its number, which is used once; 0: UDP */
	struct sockaddr_in from;
};

/* A container that asks, by the sockets in its own network namespace. */
struct dns_asker {
	struct dns_server *server;
	struct dns_asker *next;
	char id[65];
	struct source udp, tcp;
	struct source process; /* a pidfd: at its end we let go */
	struct dns_servers servers; /* --dns; none: the host's */
	/* What is done with a question that has come. */
	void (*ask)(struct dns_asker *asker, const struct dns_client *client,
		    const uint8_t *packet, size_t length);
	struct dns_connection *connections;
	uint64_t connection_last; /* the number of the last one */
	unsigned connection_count, forward_count;
};

struct dns_server {
	int epoll;
	int directory; /* of the names */
	struct source watcher; /* inotify(7) on it */
	struct source listener; /* of dns_control.h */
	unsigned caller_count; /* clients that it has accepted */
	struct dns_names names;
	struct dns_asker *askers;
	struct dns_forward *forwards;
	unsigned forward_count;
	struct dns_host_servers host;
	int64_t idle_since; /* when the last asker went */
};

#endif
