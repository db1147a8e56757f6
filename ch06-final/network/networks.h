/*
 * networks.h - the networks that there are: what was asked for when each was
 * made.
 *
 *	ROOT/networks/ID/network.json	its record (network_record.h)
 *	ROOT/networks/ID/names		who is on it (names.h)
 *
 * A network is its record.  Its bridge, its rules and its name server are there
 * only while a container is on it (net.h), so `network create` changes nothing
 * of the host but this file, and nothing has to be made again after a boot.
 * Three networks have no file, for nobody makes or removes them: "bridge",
 * "host" and "none".
 *
 * The lock of ROOT/networks (flock(2) of the directory) is held by whoever
 * makes or removes one, and by whoever joins or leaves one until that is
 * written down: so none is removed that a container is about to be on.
 */
#ifndef NETWORKS_H
#define NETWORKS_H

#include "net.h"
#include "network_record.h"

/* The directory ROOT/networks, made when missing, and locked as flock(2) has
 * it: LOCK_SH, LOCK_EX; 0: not.  Returns a descriptor. */
int networks_open(const char *root, int lock);

/*
 * Make one: name, driver, subnets, labels and so on are the caller's; id, time
 * and a subnet where there is none are set here.  Refused are a name that is
 * taken, a subnet that overlaps with another network's, and options that no
 * driver has.  The caller holds LOCK_EX.
 */
int network_create(int networks, struct network_record *record);

/* By whole name, whole id, or the beginning of exactly one id; a failure with
 * the code ENOENT when there is none.  The three of everybody are found,
 * too. */
int network_find(int networks, const char *word,
		 struct network_record *record);
/* As --network has it: "default" is the bridge. */
int network_find_wanted(int networks, const char *name,
			struct network_record *record);

/* All of them by name, the three among them; the caller frees each and the
 * array. */
struct network_record *networks_list(int networks, size_t *count);

/* The record and all beside it.  The caller holds LOCK_EX, and knows that
 * nobody is on it. */
int network_remove(int networks, const struct network_record *record);

/* "bridge", "host" or "none"? */
bool network_is_given(const char *name);

/* What net.h needs to know of it; net_close() it. */
int network_open(const struct network_record *record,
		 struct net_network *network);
/* The subnets of all that have one; fresh memory. */
struct ipam_subnet *networks_subnets(int networks, size_t *count);

/* The id of a container's place on it: the same again whenever it is asked
 * for, so that whoever cleans up knows it. */
void network_endpoint_id(const struct network_record *record,
			 const char *container, char id[NETWORK_ID + 1]);

/* An event of a network: create, destroy, connect, disconnect; `container` (an
 * id) or NULL.  `failure` is kept. */
void network_tell(const char *root, const char *action,
		  const struct network_record *record, const char *container);

#endif
