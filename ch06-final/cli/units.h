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

/* "100"; -1, as 0, is no limit: then *pids is 0. */
int parse_pids(const char *string, uint64_t *pids);

/* "SOURCE:TARGET[:ro|rw]".  The source must be there; both end up absolute.
 * The caller frees the strings, as those of the next. */
int parse_volume(const char *string, struct volume *volume);

/* "TARGET[:OPTION,...]": what mount(8) calls them, size=64m or exec.  Unless
 * they say otherwise nothing in it is executed, set-user-ID or a device. */
int parse_tmpfs(const char *string, struct volume *volume);

/* How many directories deep "/a/b" is, ".." counted as what it does. */
int path_depth(const char *path);

/* [a-zA-Z0-9][a-zA-Z0-9_.-]+, as Docker names containers. */
int check_name(const char *string);

/* A host name by the rules of hostname(7). */
int check_hostname(const char *string);

#endif
