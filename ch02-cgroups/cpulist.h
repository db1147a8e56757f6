/*
 * cpulist.h - lists of CPUs or memory nodes as the kernel writes them:
 * "0-2,7".  See cpuset(7), "List format".
 */
#ifndef CPULIST_H
#define CPULIST_H

#include "base.h"

/* Check a list and write it as the kernel would show it: "2,0,1" is "0-2".
 * NULL when it makes no sense; the caller frees. */
char *cpulist_normalize(const char *list);

#endif
