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

bool
clock_until(bool (*is_so)(void *data), void *data)
{
	uint64_t end = clock_us() + 10000000;
	while (!is_so(data)) {
		if (clock_us() > end)
			return false;
		clock_sleep_us(1000);
	}
	return true;
}
