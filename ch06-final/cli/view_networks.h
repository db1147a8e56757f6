/*
 * view_networks.h - a network as `docker network inspect` has it, and what the
 * verbs of networks share.
 */
#ifndef VIEW_NETWORKS_H
#define VIEW_NETWORKS_H

#include <jansson.h>

#include "filters.h"
#include "names.h"
#include "networks.h"

/* A new reference; NULL with the code ENOENT when there is no such network. */
json_t *view_network(const char *root, const char *word);

/* The subnet of a network that is up, or was given one: 1; 0: it has none now.
 * The default bridge's is chosen when it comes up. */
int network_subnet(const struct network_record *record,
		   struct ipam_subnet *subnet);

/* Those that users made before that time and that nobody is on go, and are
 * printed. */
int network_prune(const struct filters *filters, int64_t until_ns);

/* The MAC address of a container there, "02:42:ac:1e:00:02"; what it asked
 * for goes first. */
#define MAC_SIZE 18
char *network_mac(const struct names_line *line, const char *wanted,
		  char room[MAC_SIZE]);

#endif
