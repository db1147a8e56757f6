/*
 * log_limits.h - how much of a container's log is kept: --log-opt, as far as
 * the json-file driver minds it.
 */
#ifndef LOG_LIMITS_H
#define LOG_LIMITS_H

#include "base.h"

struct log_limits {
	uint64_t size;  /* max-size: bytes of a file; 0: no limit */
	uint32_t files; /* max-file; 0 is 1 */
};

/* "max-size=10m", "max-file=3": in place of what was said before.  Fails in
 * Docker's words. */
int log_limits_take(struct log_limits *limits, const char *option);

#endif
