/* capabilities.h - the sets of /proc/PID/status in words. */
#ifndef CAPABILITIES_H
#define CAPABILITIES_H

#include "base.h"

/* How many capabilities this kernel knows (/proc/sys/kernel/cap_last_cap). */
int capabilities_known(void);

/* Our own effective set, CapEff. */
uint64_t capabilities_effective(void);

/* Show a set: how many, and the names of capabilities(7) without "CAP_". */
void capabilities_show(const char *what, uint64_t set);

#endif
