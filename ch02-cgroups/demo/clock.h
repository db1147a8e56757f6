/* clock.h - time, in microseconds, as the kernel counts CPU time. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_MONOTONIC, now. */
uint64_t clock_us(void);
void clock_sleep_us(long us);

/* Ask again every millisecond, for ten seconds at most, until it is so. */
bool clock_until(bool (*is_so)(void *data), void *data);

#endif
