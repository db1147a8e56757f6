/*
 * units.h - the values of options, as text and as numbers.
 *
 * Every function refuses what is not wholly understood and says why, in the
 * words of Docker, or of Go's libraries that Docker passes on.
 */
#ifndef UNITS_H
#define UNITS_H

#include "base.h"

/* "0.5", "2": processors, in billionths; 0 is no limit. */
int parse_cpus(const char *string, int64_t *nano_cpus);

/* "-1": a whole number within the bounds. */
int parse_integer(const char *string, int64_t min, int64_t max,
		  int64_t *value);

/* "1m30s", "500ms", "1.5h": nanoseconds.  Go's time.ParseDuration. */
int parse_go_duration(const char *string, int64_t *ns);

/* [a-zA-Z0-9][a-zA-Z0-9_.-]+, as Docker names containers. */
int check_name(const char *string);

/* A host name by the rules of hostname(7). */
int check_hostname(const char *string);

#endif
