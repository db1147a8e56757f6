/*
 * format.h - numbers and times as Docker shows them to people.  Every function
 * returns fresh memory.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "base.h"

/* "4.26MB": powers of 1000, three digits that count. */
char *format_size(uint64_t bytes);
/* "4.263MB": the same with four, as `system df` has it. */
char *format_fine_size(uint64_t bytes);
/* "15.63GiB": powers of 1024, four digits that count. */
char *format_binary_size(uint64_t bytes);
/* "About a minute", "3 weeks"; where the clock was set back, and it is less
 * than nothing, "Less than a second". */
char *format_duration(int64_t seconds);
/* The same with " ago", from a time in seconds since 1970; "N/A" for 0. */
char *format_ago(int64_t when);
/* "2026-11-27 01:09:20 +0000 UTC": as Go prints a time, in our time zone. */
char *format_time(int64_t when);
/* "2026-11-27T01:09:20.5Z", of nanoseconds since 1970, in UTC;
 * "0001-01-01T00:00:00Z" for 0, which is how Go writes a time that was never
 * set. */
char *format_rfc3339(int64_t when_ns);
/* The first `most` characters; where there are more, "…" is the last. */
char *format_ellipsis(const char *string, size_t most);

#endif
