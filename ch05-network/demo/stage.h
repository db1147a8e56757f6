/*
 * stage.h - where every experiment of this chapter plays.
 *
 * Nothing of the real host takes part.  The stage puts itself in a network
 * namespace and plays the host there; boxes (box.h) play containers, and one
 * of them the Internet, joined to the host by a veth pair as by a cable:
 *
 *	internet 203.0.113.1 ---- 203.0.113.2 host
 *	     2001:db8::1 ---- 2001:db8::2
 *
 * (Both are set aside for documentation, RFC 5737 and RFC 3849.)  All of it
 * ends with the stage, whose every process dies with it.
 */
#ifndef STAGE_H
#define STAGE_H

#include "base.h"
#include "box.h"
#include "net.h"

#define INTERNET 0xcb007101 /* 203.0.113.1 */
#define INTERNET_IP "203.0.113.1"
#define INTERNET_IP6 "2001:db8::1"
#define UPLINK_IP "203.0.113.2"
#define UPLINK_IP6 "2001:db8::2"
#define LOOPBACK_IP "127.0.0.1"
enum {
	INTERNET_PORT = 443,
	SERVER_PORT = 80,
	PATIENCE_MS = 3000, /* TCP asks again after a second */
	SHORT_MS = 400,	    /* for what is not to be answered */
};

enum { STAGE_ALONE = 0, STAGE_INTERNET = 1, STAGE_IPV6 = 2 };
/* `return` what it returned, unless that is 0: it has failed, or skipped. */
int stage_open(int wanted);
/* The Internet's box, where the stage has it. */
extern struct box stage_internet;
/* A failure that means a kernel without bridges, veth pairs or nftables is a
 * reason to skip: return this. */
int stage_fail(void);

/* An address of the stage's, as text; the room is used again four calls
 * later. */
const char *stage_ip(uint32_t address);

/* Lines as tour_show() has them, the first beside `what`. */
void show_lines(const char *what, const char *lines);
/* What box_describe() has of it. */
int show_box(const char *what, int netns);
/* Those of a text that have `part` in them. */
void show_matching(const char *what, const char *lines, const char *part);
/* What must be the same afterwards: links, addresses, routes, switches. */
char *describe_host(void);

/* Ask or ping, show what came of it, and claim that it was what is wanted. */
void try_ping(const char *what, int netns, uint32_t to, int ttl_wanted,
	      const char *claim);
void try_ask(const char *what, int netns, int protocol, const char *to,
	     uint16_t port, const char *wanted, const char *claim);
/* Claim that nobody answers. */
void try_not(const char *what, int netns, const char *to, uint16_t port,
	     const char *claim);

/* A container: a box and an endpoint of a network, reserved and attached. */
struct container {
	struct box box;
	struct net_endpoint endpoint;
};
int container_start(struct container *container, const char *name,
		    const char *id, struct net_network *network,
		    const struct nat_port *ports, size_t count);
int container_end(struct container *container,
		  const struct net_network *network);

#endif
