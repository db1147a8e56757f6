/*
 * times.h - points in time, as --since, --until and filters have them.
 */
#ifndef TIMES_H
#define TIMES_H

#include "base.h"

/*
 * "1700000000", "1700000000.5": seconds since 1970; "10m", "1h30m": before
 * now; "2026-11-27", "2026-11-27T10:00:00", with "Z" or "+02:00" behind it or
 * in our time zone.  Nanoseconds since 1970.
 */
int times_parse(const char *string, int64_t *time_ns);
/* "1h30m10s", "500ms": a duration of Go, in nanoseconds. */
int times_parse_duration(const char *string, int64_t *duration_ns);
int64_t times_now(void);

/* --since and --until as they are typed.  They are looked at when all flags
 * are known to be good: a bad time is another exit status than a bad flag. */
struct times_between {
	const char *since, *until; /* NULL: not said */
};
int times_keep(void *member, const char *value);
/* What is not said, or empty, is left as it is. */
int times_settle(const struct times_between *said, int64_t *since_ns,
		 int64_t *until_ns);

#endif
