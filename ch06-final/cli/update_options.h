/*
 * update_options.h - the limits that `update` can change as `run` and `create`
 * set them: the rows of all three tables, and what is wrong among them.
 */
#ifndef UPDATE_OPTIONS_H
#define UPDATE_OPTIONS_H

#include "limit_options.h"
#include "options.h"

/* char *: a text; an empty one is as if it were not there. */
int take_text(void *member, const char *value);
/* int64_t: "1.5", in billionths. */
int take_cpus(void *member, const char *value);
/* struct settings: "on-failure:3". */
int take_restart(void *settings, const char *value);

/*
 * What only the limits together show to be wrong, in Docker's words; --cpus
 * becomes a quota.  With `is_update` those that are not there may have been set
 * before.
 */
int limits_settle(struct settings *settings, bool is_update);

#define UPDATE_ROW(type, letter, name, value, help, take, member) \
	MEMBER(letter, name, value, help, take, type, settings.member)

/* Of a table whose struct `type` has the settings as its member of that
 * name. */
#define UPDATE_ROWS(type)                                                     \
	UPDATE_ROW(type, 0, "blkio-weight", "uint16", "Share of the disks, "  \
		   "10 to 1000 (0: the usual)", take_count, limits.io_weight),\
	UPDATE_ROW(type, 0, "cpu-period", "int", "Period of the CPU quota, "  \
		   "in microseconds", take_count, limits.cpu_period_us),      \
	UPDATE_ROW(type, 0, "cpu-quota", "int", "CPU time in each period, in "\
		   "microseconds", take_number, limits.cpu_quota_us),         \
	UPDATE_ROW(type, 0, "cpu-rt-period", "int", "Real-time period, in "   \
		   "microseconds", take_count, realtime_period_us),           \
	UPDATE_ROW(type, 0, "cpu-rt-runtime", "int", "Real-time runtime, in " \
		   "microseconds", take_count, realtime_runtime_us),          \
	UPDATE_ROW(type, 'c', "cpu-shares", "int", "Share of the CPUs (the "  \
		   "usual: 1024)", take_count, limits.cpu_shares),            \
	UPDATE_ROW(type, 0, "cpus", "decimal", "Number of CPUs: 0.5, 2",      \
		   take_cpus, nano_cpus),                                     \
	UPDATE_ROW(type, 0, "cpuset-cpus", "string", "The CPUs it may use "   \
		   "(0-3, 0,1)", take_text, limits.cpuset_cpus),              \
	UPDATE_ROW(type, 0, "cpuset-mems", "string", "The memory nodes it "   \
		   "may use (0-3, 0,1)", take_text, limits.cpuset_mems),      \
	UPDATE_ROW(type, 0, "kernel-memory", "bytes", "Kernel memory limit",  \
		   take_size, limits.kernel_memory),                          \
	UPDATE_ROW(type, 'm', "memory", "bytes", "Memory limit: 64m, 1g",     \
		   take_size, limits.memory),                                 \
	UPDATE_ROW(type, 0, "memory-reservation", "bytes", "Memory that is "  \
		   "kept for it", take_size, limits.memory_reservation),      \
	UPDATE_ROW(type, 0, "memory-swap", "bytes", "Memory and swap "        \
		   "together: '-1' for unlimited swap", take_swap,            \
		   limits.memory_swap)

#endif
