/*
 * limit_options.h - how much a container may have, and which devices: the
 * values of those options, each taken into its member of the settings.
 *
 * All are for rows of option tables (MEMBER, options.h); `run`, `create` and
 * `update` have them.
 */
#ifndef LIMIT_OPTIONS_H
#define LIMIT_OPTIONS_H

#include "settings.h"

/* uint64_t: "64m".  int64_t: the same, or "-1". */
int take_size(void *member, const char *value);
int take_swap(void *member, const char *value);

/* int64_t, or uint64_t of which nobody takes the upper half: any number; one
 * that is not negative.  Bounds are run_check.c's. */
int take_number(void *member, const char *value);
int take_count(void *member, const char *value);

/* struct cgroup_limits: the option's own member. */
int take_swappiness(void *limits, const char *value);
int take_pids(void *limits, const char *value);

/* struct device_rates: "/dev/sda:1mb", "/dev/sda:100", "/dev/sda:500" */
int take_bps(void *rates, const char *value);
int take_iops(void *rates, const char *value);
int take_weight(void *rates, const char *value);

/* struct settings: "nofile=1024:2048"; "/dev/sda:/dev/xvda:r", where a "*" at
 * the end means all such; struct words: "c 1:3 rwm". */
int take_ulimit(void *settings, const char *value);
int take_device(void *settings, const char *value);
int take_device_rule(void *words, const char *value);

#endif
