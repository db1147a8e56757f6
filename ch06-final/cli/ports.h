/*
 * ports.h - -p and --expose: ports as people write them.
 *
 * See Docker's "Port publishing and mapping".
 */
#ifndef PORTS_H
#define PORTS_H

#include "nat.h"
#include "words.h"

/*
 * "[[ADDRESS:]HOST:]CONTAINER[/tcp|udp|sctp]", where a port may be a range,
 * HOST may be empty (any free port is meant: host_port is 0) and an IPv6
 * address stands in brackets; or "published=HOST,target=CONTAINER,
 * protocol=PROTOCOL".  Adds to the list, which the caller frees.
 */
int parse_publish(const char *string, struct nat_port **list, size_t *count);

/* "80", "80/udp", "8000-8010": each as "80/tcp", once. */
int parse_expose(const char *string, struct words *expose);

#endif
