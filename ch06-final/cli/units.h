/*
 * units.h - the values of `run`'s options, as text and as numbers.
 *
 * Every function refuses what is not wholly understood and says why.
 */
#ifndef UNITS_H
#define UNITS_H

#include "base.h"
#include "container.h"

/* "64m", "1.5g", "1024", "512kb": bytes.  Powers of 1024, as Docker's. */
int parse_size(const char *string, uint64_t *bytes);

/* "0.5", "2": processors, as a CFS quota in microseconds of each 100 ms. */
int parse_cpus(const char *string, uint64_t *quota_us);

/* "[ADDRESS:]HOST:CONTAINER[/tcp|udp]". */
int parse_publish(const char *string, struct nat_port *publish);

/* "SOURCE:TARGET[:ro|rw]".  The source must be there; both end up absolute.
 * The caller frees the two strings. */
int parse_volume(const char *string, struct volume *volume);

/* [a-zA-Z0-9][a-zA-Z0-9_.-]+, as Docker names containers. */
int check_name(const char *string);

/* A host name by the rules of hostname(7). */
int check_hostname(const char *string);

#endif
