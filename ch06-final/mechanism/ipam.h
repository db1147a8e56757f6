/*
 * ipam.h - which addresses a network has, and who has which.
 *
 * "IPAM" is libnetwork's word: IP address management.  Addresses here are
 * IPv4 in host byte order, so that they can be counted with.
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

struct ipam_subnet {
	uint32_t network;    /* 172.29.0.0 */
	unsigned int prefix; /* 16; 0 means that no subnet is set */
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
/* The first address is the gateway's, as Docker has it. */
uint32_t ipam_gateway(const struct ipam_subnet *subnet);
/* How many there are for containers: all but network, gateway, broadcast. */
uint32_t ipam_capacity(const struct ipam_subnet *subnet);
bool ipam_contains(const struct ipam_subnet *subnet, uint32_t address);
bool ipam_overlap(const struct ipam_subnet *a, const struct ipam_subnet *b);

/* ---- leases ------------------------------------------------------------ */

struct ipam_lease {
	uint32_t address;
	int fd; /* the file, open and locked; -1: no lease */
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
 * directory; the caller holds the lock.
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
