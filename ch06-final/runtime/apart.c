/* apart.c - parent.  See apart.h. */
#include "apart.h"

#include <sched.h>

void
apart_from(int cpu)
{
	cpu_set_t all;
	if (sched_getcpu() != cpu ||
	    sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	cpu_set_t others = all;
	CPU_CLR(cpu, &others);
	if (CPU_COUNT(&others) > 0 &&
	    sched_setaffinity(0, sizeof(others), &others) == 0)
		sched_setaffinity(0, sizeof(all), &all);
}
