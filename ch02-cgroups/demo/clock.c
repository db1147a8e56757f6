/* clock.c - see clock.h. */
#include "clock.h"

#include <time.h>

uint64_t
clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000) + now.tv_nsec / 1000;
}

void
clock_sleep_us(long us)
{
	nanosleep(&(struct timespec){ .tv_sec = us / 1000000,
				      .tv_nsec = us % 1000000 * 1000 }, NULL);
}
