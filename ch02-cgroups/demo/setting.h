/* setting.h - a limit as the kernel shows it, under the name of its file. */
#ifndef SETTING_H
#define SETTING_H

#include "cgroup.h"

/* Show the bytes in the file of Docker's option, "--memory-swap", and return
 * them; CGROUP_NONE is no limit, and no file. */
uint64_t setting_show(const struct cgroup *cg, const char *option);

/* Show why cgroup_limit() has failed. */
void setting_show_refusal(void);

#endif
