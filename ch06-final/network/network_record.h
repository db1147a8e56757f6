/*
 * network_record.h - what was asked for when a network was made, and its file.
 */
#ifndef NETWORK_RECORD_H
#define NETWORK_RECORD_H

#include "ipam.h"
#include "words.h"

#define NETWORK_ID 64

struct network_record {
	char id[NETWORK_ID + 1];
	char *name;
	char *driver; /* "bridge", "macvlan", "host", "null" */
	int64_t created; /* seconds since 1970; 0: nobody made it */
	int created_ns;
	struct ipam_subnet subnet;   /* prefix 0: the default bridge's, which
					is chosen when it comes up */
	struct ipam_subnet6 subnet6; /* prefix 0: it has no IPv6 */
	char *range; /* --ip-range, "10.1.2.0/24"; or NULL */
	bool own_subnet, own_subnet6; /* the user chose them */
	bool internal, attachable;
	struct words labels, options; /* "key=value" */
	struct words aux; /* "name=address" of other hosts; see network_aux() */
};
void network_record_free(struct network_record *record);
#define auto_network_record \
	__attribute__((cleanup(network_record_free), unused))

#define NETWORK_FILE "network.json" /* in ROOT/networks/ID */

/* `networks` is ROOT/networks; the record's id says where.  Written so that it
 * is whole at every instant. */
int network_save(int networks, const struct network_record *record);

/* A failure with the code ENOENT: there is none. */
int network_load(int networks, const char *id, struct network_record *record);

/* "10.1.2.0/24", or "": who wants no address in particular gets one of these.
 * The record's subnet is known. */
int network_set_range(struct network_record *record, const char *range);

/* Reserve these addresses in the subnet, when the gateway is known. */
int network_aux(struct network_record *record);

/* An option's value, or NULL: network_option(record, "parent"). */
const char *network_option(const struct network_record *record,
			   const char *key);
/* Of Docker's option for the MTU, or of ours; 0: none. */
unsigned int network_mtu(const struct network_record *record);

#endif
