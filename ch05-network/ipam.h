/*
 * ipam.h - which addresses a network has, and who has which.
 *
 * "IPAM" is libnetwork's word: IP address management.  IPv4 addresses here
 * are in host byte order, so that they can be counted with; IPv6 ones are the
 * 16 bytes that go over the wire.
 *
 * A lease is a file named after its address, in a directory of the network.
 * Whoever holds the lease keeps the file open and locked (flock(2)).  When
 * that process dies, however it dies, the kernel lets go of the lock: that is
 * how the living are told from the dead, without a pid that may have been
 * given to somebody else.  In the file stands what has to be undone then.
 *
 *	auto_close int lock = ipam_lock(directory);
 *	ipam_recover(leases, undo, NULL, &living);     the dead
 *	ipam_take(leases, &subnet, 0, &lease);	       the next free address
 *	ipam_note(&lease, "veth myd1\n");	       before myd1 is made
 *	...
 *	ipam_give(leases, &lease);		       after it is gone
 *
 * A lease survives fork(2) and is given back when the last process with its
 * descriptor ends; it is close-on-exec.
 */
#ifndef IPAM_H
#define IPAM_H

#include "base.h"

/* ---- arithmetic -------------------------------------------------------- */

#define IPAM_RESERVED_MAX 16
struct ipam_subnet {
	uint32_t network;    /* 172.29.0.0 */
	unsigned int prefix; /* 16; 0 means that no subnet is set */
	/* Chosen by the user, or 0: another gateway than the first address;
	 * the first and last of those that who wants none in particular is
	 * given. */
	uint32_t gateway, first, last;
	/* And those of other hosts, which nobody is given; 0: no more. */
	uint32_t reserved[IPAM_RESERVED_MAX];
};

/* "172.29.0.0/16".  Refuses bits set after the prefix and prefixes that have
 * no room for a gateway and a container (/31, /32) or are no network (< 8). */
int ipam_parse_subnet(const char *string, struct ipam_subnet *subnet);
/* "172.29.0.2"; four decimal numbers and nothing else. */
int ipam_parse_address(const char *string, uint32_t *address);
/* The reverse, in `room`, which is returned. */
#define IPAM_ADDRESS_SIZE 16
char *ipam_format(uint32_t address, char room[IPAM_ADDRESS_SIZE]);

uint32_t ipam_mask(const struct ipam_subnet *subnet);
uint32_t ipam_broadcast(const struct ipam_subnet *subnet);
/* The first address is the gateway's, as Docker has it, if the user has chosen
 * no other. */
uint32_t ipam_gateway(const struct ipam_subnet *subnet);
/* How many there are for containers: all but network, gateway, broadcast. */
uint32_t ipam_capacity(const struct ipam_subnet *subnet);
bool ipam_contains(const struct ipam_subnet *subnet, uint32_t address);
/* One more that nobody is given; -1: it is not in the subnet, is the gateway
 * or reserved already, or they are too many. */
int ipam_reserve(struct ipam_subnet *subnet, uint32_t address);
bool ipam_overlap(const struct ipam_subnet *a, const struct ipam_subnet *b);

/* The same for IPv6: of a /64 there are more than anybody counts, and no
 * broadcast.  "fd00:1::" itself is every router's (RFC 4291, 2.6.1), the first
 * after it the gateway's.  Prefixes from 8 to 126. */
struct ipam_subnet6 {
	uint8_t network[16];
	unsigned int prefix; /* 0: no subnet is set */
};
int ipam_parse_subnet6(const char *string, struct ipam_subnet6 *subnet);
int ipam_parse_address6(const char *string, uint8_t address[16]);
#define IPAM_ADDRESS6_SIZE 46
char *ipam_format6(const uint8_t address[16], char room[IPAM_ADDRESS6_SIZE]);
/* The address that is `number` after the network's own. */
void ipam_address6(const struct ipam_subnet6 *subnet, uint64_t number,
		   uint8_t address[16]);
bool ipam_contains6(const struct ipam_subnet6 *subnet,
		    const uint8_t address[16]);

/* ---- leases ------------------------------------------------------------ */

struct ipam_lease {
	uint32_t address;    /* 0: it is one of IPv6 */
	int fd;		     /* the file, open and locked; -1: no lease */
	uint8_t address6[16];
};
#define IPAM_NO_LEASE { .fd = -1 }

/*
 * Wait for the lock of `directory` (made with its parents when missing) and
 * return the descriptor that holds it.  Closing it lets go.  The file, "lock",
 * may be removed by its holder: who waited for it then waits for a new one.
 */
int ipam_lock(const char *directory);
/* The same for a directory that may not be there: 0 with *lock -1 then. */
int ipam_lock_existing(const char *directory, int *lock);

/*
 * Give every lease of the dead back: `undo` is told the address and the note
 * of each, and when it returned 0 the file is removed; a lease that could not
 * be undone stays, to be tried again.  *living counts the leases still held.
 * -1 when some undo failed, with the last one's failure.  `leases` is the
 * directory; the caller holds the lock.  The address of an IPv6 lease is 0.
 */
typedef int ipam_undo(uint32_t address, const char *note, void *data);
int ipam_recover(int leases, ipam_undo *undo, void *data, size_t *living);

/*
 * Lease the address `wanted`, or with 0 the lowest free one.  failure.code is
 * EADDRINUSE when `wanted` is taken and EADDRNOTAVAIL when none is left.  The
 * caller holds the lock, and has recovered the dead.
 */
int ipam_take(int leases, const struct ipam_subnet *subnet, uint32_t wanted,
	      struct ipam_lease *lease);

/* The same for IPv6; `wanted` NULL: the lowest free one. */
int ipam_take6(int leases, const struct ipam_subnet6 *subnet,
	       const uint8_t *wanted, struct ipam_lease *lease);

/* All three: lock, recover, take.  `undo` may be NULL: nothing to undo. */
int ipam_allocate(const char *directory, const struct ipam_subnet *subnet,
		  uint32_t wanted, ipam_undo *undo, void *data,
		  struct ipam_lease *lease);

/* Write down what has to be undone if we die; replaces an earlier note.
 * At most IPAM_NOTE_MAX bytes. */
#define IPAM_NOTE_MAX 65535
int ipam_note(const struct ipam_lease *lease, const char *note);

/* Give it back.  May be called twice, and without a lease. */
int ipam_give(int leases, struct ipam_lease *lease);
/* Let go without giving back: the next ipam_recover() sees to it. */
void ipam_abandon(struct ipam_lease *lease);

#endif
