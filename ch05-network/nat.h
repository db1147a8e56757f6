/*
 * nat.h - the way out, and the way in through published ports.
 *
 * All of it is one nftables table of our own, `ip mydocker`, loaded through
 * libnftables; nothing outside this table is read or touched, except by
 * nat_find_forward_drop(), which only looks.  A network with IPv6 has its twin
 * beside it, `ip6 mydocker`, made of the same text.
 *
 *	set bridges		our bridges
 *	set within		bridge . bridge: from a network to itself
 *	set inner		those of our bridges that nothing leads out of
 *	set subnets		the subnets of the others
 *	map ports		protocol . port -> container . port
 *	map address_ports	host address . protocol . port -> the same
 *	set found		a note: how the host was before (forward.h)
 *
 *	guard		what comes in from a container and names 127.0.0.0/8,
 *			as source or destination, is dropped
 *	prerouting	packets from outside, and from containers, for an
 *			address of the host: to `publish`
 *	output		the host's own packets for an address of the host,
 *			127.0.0.1 among them: to `publish`
 *	publish		destination changed as the two maps say (DNAT)
 *	forward		into a network of ours comes only what was published
 *			and what answers; so networks do not see each other;
 *			of an inner one nothing comes out, either
 *	postrouting	masquerade: from a subnet to the outside; from
 *			127.0.0.1 to a container; from a container by a
 *			published port back to its own network ("hairpin")
 *
 * Sets and maps are changed element by element, so that adding and removing
 * one container is one element more or less and no rule is ever searched for.
 * See nft(8), libnftables(3).
 */
#ifndef NAT_H
#define NAT_H

#include "base.h"
#include "ipam.h"

#define NAT_TABLE "mydocker"

/* One published port.  Addresses and ports in host byte order. */
struct nat_port {
	int protocol;	       /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
	uint32_t host_address; /* 0: any address of the host */
	uint16_t host_port;
	uint16_t host_port_last; /* any free one up to this; 0: just that */
	uint32_t address; /* the container's */
	uint16_t port;
	bool is_ipv6; /* then the two addresses are these */
	uint8_t host_address6[16];
	uint8_t address6[16];
};

/* "tcp", "udp", "sctp", or NULL for what cannot be published. */
const char *nat_protocol_name(int protocol);
/* The reverse; 0 for any other word. */
int nat_protocol_number(const char *name);
/* "0.0.0.0:8080" or "[::]:8080": what of the host is published. */
#define NAT_PLACE_SIZE 56
char *nat_format_place(const struct nat_port *port, char room[NAT_PLACE_SIZE]);
/* A range: `count` ports from `first` on, in `ports`, as -p 8000-8009:80-89
 * means it.  Refused where it would go beyond 65535. */
int nat_spread(const struct nat_port *first, size_t count,
	       struct nat_port *ports);

/* Make the table where it is missing, mend its rules where somebody changed
 * them, and admit a network to it: all or nothing.  `subnet` NULL: nothing is
 * to lead out of it. */
int nat_add_network(const char *bridge, const struct ipam_subnet *subnet);
int nat_add_network6(const char *bridge, const struct ipam_subnet6 *subnet);
/* Is the table there?  One question to the kernel, no libnftables. */
int nat_has_table(bool *there);
/* Let go of a network; a subnet with prefix 0 is not known.  No failure when
 * it is not there. */
int nat_remove_network(const char *bridge, const struct ipam_subnet *subnet);
int nat_remove_network6(const char *bridge, const struct ipam_subnet6 *subnet);
/* The same, and in the same transaction a note of some lines, unless it is
 * NULL: in a set "found" of the table, so that it lives exactly as long as what
 * it tells of, the settings of this network namespace.  The first note stays; a
 * line that nft cannot quote, or of more than 128 bytes, is left out. */
int nat_add_noted(const char *bridge, const struct ipam_subnet *subnet,
		  const char *note);
int nat_add_noted6(const char *bridge, const struct ipam_subnet6 *subnet,
		   const char *note);
/* The note, in fresh memory; or NULL, with failure.code ENOENT where there is
 * none. */
char *nat_read_note(bool is_ipv6);
/* The whole table and its twin, with everything in them.  No failure when
 * there is none. */
int nat_remove_table(void);

/* All of them or none.  failure.code is EADDRINUSE when the table has one of
 * the host ports already. */
int nat_publish(const struct nat_port *ports, size_t count);
/* Remove exactly these; no failure for what is not there.  An element that
 * leads to another container is not ours and stays. */
int nat_unpublish(const struct nat_port *ports, size_t count);

/* Run commands of nft(8), all or none, in this network namespace; what they
 * print goes to fresh memory in `*output`, where that is not NULL.  For who
 * has a table of his own. */
int nat_run(const char *commands, char **output);

/* The ruleset of our table, as `nft list table` shows it; the caller frees.
 * NULL with `failure` set when there is none. */
char *nat_show(void);

/*
 * Does somebody else's chain at the forward hook drop what it was not told
 * about (by its policy, as Docker and ufw set it, or by a last rule, as
 * firewalld's)?  Then a container may have no way out, whatever our own table
 * says: every base chain must accept.
 * Returns 1 and the chain's name, "ip filter FORWARD", in fresh memory, 0
 * when there is none, -1 on failure.  With `by_ipv6` chains of that are looked
 * at, too.  A table that names `bridge` somewhere, or links of which it is one
 * ("mydocker*"), is taken to know about it.
 */
int nat_find_forward_drop(const char *bridge, bool by_ipv6, char **chain);

/* The texts that are given to libnftables, for tests and for -v.  In fresh
 * memory; NULL with `failure` set when an argument cannot be put in one. */
char *nat_compose_network(const char *bridge, const struct ipam_subnet *subnet);
char *nat_compose_element(const char *verb, const struct nat_port *port);

#endif
