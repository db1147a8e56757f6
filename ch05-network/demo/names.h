/*
 * names.h - a name server of a few lines, as dockerd has one for every network
 * that a user has made: asked for a container's name it says the address,
 * and what it does not know it asks another server (RFC 1035).
 *
 * It is one process.  Its sockets are inside the containers, at 127.0.0.11:
 * a socket stays in the network namespace in which it was made, whoever reads
 * from it.
 */
#ifndef NAMES_H
#define NAMES_H

#include "base.h"

enum { NAMES_MAX = 16 };

struct names_record {
	char name[64];
	uint32_t address; /* 0: nobody has this place */
};

/* In memory that the server shares: who writes here is heard at once. */
struct names {
	struct names_record records[NAMES_MAX];
	int sockets[NAMES_MAX];
	size_t socket_count;
	int upstream; /* a socket connected to another server; -1: none */
	pid_t pid;
};

struct names *names_create(void);
/* Answer in the network namespace behind `netns` (-1: here), at this address,
 * port 53.  Before names_start(). */
int names_listen(struct names *names, int netns, uint32_t address);
/* Ask the server at this address, from here, for what we do not know. */
int names_set_upstream(struct names *names, uint32_t address);
int names_add(struct names *names, const char *name, uint32_t address);
void names_remove(struct names *names, const char *name, uint32_t address);
/* The process; it dies with the caller. */
int names_start(struct names *names);
void names_stop(struct names *names);

/* Put the answer to a question in its place; returns its length, 0 when there
 * is none to be given, or -1 when another server has to be asked. */
ssize_t names_answer(const struct names *names, unsigned char *message,
		     size_t length, size_t room);

#endif
