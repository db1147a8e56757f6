/*
 * format.h - numbers and times as Docker's lists show them.  Every function
 * returns fresh memory.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "base.h"

/* "4.26MB": powers of 1000, three digits that count. */
char *format_size(uint64_t bytes);
/* "About a minute", "3 weeks". */
char *format_duration(int64_t seconds);
/* The same with " ago", from a time in seconds since 1970; "N/A" for 0. */
char *format_ago(int64_t when);

#endif
