/*
 * runc_values.h - the values of options that several verbs take.  What is not
 * wholly understood is refused.
 */
#ifndef RUNC_VALUES_H
#define RUNC_VALUES_H

#include "base.h"

/* --preserve-fds. */
int parse_fd_count(const char *string, unsigned int *count);

/* How many systemd has passed on to us, for the container: sd_listen_fds(3). */
int find_listen_fds(unsigned int *count);

/* "table" or "json". */
int parse_format(const char *string, bool *is_json);

/* "64m", "1g", "1024": bytes, in powers of 1024; "-1" is no limit. */
int parse_bytes(const char *string, int64_t *bytes);

/* "5s", "100ms", "1m30s", as Go writes durations; more than nothing. */
int parse_duration(const char *string, uint64_t *milliseconds);

#endif
