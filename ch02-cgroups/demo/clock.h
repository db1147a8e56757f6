/* clock.h - time, in microseconds, as the kernel counts CPU time. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, now. */
uint64_t clock_us(void);
void clock_sleep_us(long us);

#endif
