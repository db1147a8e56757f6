/*
 * dns_names.h - who is called what: the files that `network connect` and the
 * start of a container write, one for each network.
 *
 *	network red [internal]
 *	CONTAINER_ID PID ADDRESS ADDRESS6 NAME [ALIAS...]
 *	...
 *
 * "-" is an address that there is not.  A container asks about those with whom
 * it shares a network, and is told nothing of any other.
 */
#ifndef DNS_NAMES_H
#define DNS_NAMES_H

#include "base.h"

struct dns_host {
	char *line; /* what the others point into */
	const char *id;
	char **names; /* NAME and aliases */
	size_t name_count;
	uint8_t address[4], address6[16];
	bool has_address, has_address6;
};

struct dns_network {
	char *name;
	bool is_internal; /* no way out, so no question either */
	struct dns_host *hosts;
	size_t count;
};

/* Zero-initialised, there are none. */
struct dns_names {
	struct dns_network *networks;
	size_t count;
	unsigned turn; /* whose address comes first, of those that share a
			  name */
};

/*
 * What the file of one network says.  A line that is none of the above is
 * passed over: its writer is ours, and one bad line shall not silence the
 * rest.  0, or -1 where the first line is missing.
 */
int dns_names_add(struct dns_names *names, const char *content);
/* All DIRECTORY/ID/names anew; what cannot be read is left out. */
void dns_names_load(struct dns_names *names, int directory);
void dns_names_free(struct dns_names *names);

/* Is `id` in any network, and may it ask the outside: is one not internal? */
bool dns_names_may_leave(const struct dns_names *names, const char *id);

/* Of the addresses of a name more than this are not told. */
#define DNS_FOUND_MAX 256

/*
 * The hosts that `asker` calls `name` (small letters): a name, an alias, or the
 * first 12 digits of an id, alone or with the network's name after a dot.  Of
 * its networks the first, by name, that has one.  How many, in an order that
 * turns from one question to the next.
 */
size_t dns_names_find(struct dns_names *names, const char *asker,
		      const char *name,
		      const struct dns_host *found[DNS_FOUND_MAX]);

/*
 * "2.0.30.172.in-addr.arpa" or its like in ip6.arpa: the host with this
 * address in a network of the asker's, and the network; NULL when there is
 * none.
 */
const struct dns_host *dns_names_reverse(const struct dns_names *names,
					 const char *asker, const char *name,
					 const struct dns_network **network);

#endif
