/* update_options.c - parent.  See update_options.h. */
#include "update_options.h"

#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "units.h"

/* The notes' minimum; Docker's own is 6 MB today. */
#define MEMORY_MIN (4 << 20)

/* ---- values ------------------------------------------------------------- */

/* Empty is as if it were not there. */
int
take_text(void *member, const char *value)
{
	if (!*value)
		return free_scoped(member), 0;
	return option_take_text(member, value);
}

int
take_restart(void *data, const char *value)
{
	struct settings *settings = data;
	auto_free char *policy = copy_text(value);
	char *count = strchr(policy, ':');
	if (count)
		*count++ = '\0';
	settings->restart_max = 0;
	if (count && !*policy)
		return failx("invalid restart policy format: no policy "
			     "provided before colon");
	if (count && *count &&
	    parse_integer(count, INT32_MIN, INT32_MAX,
			  &settings->restart_max) < 0)
		return failx("invalid restart policy format: maximum retry "
			     "count must be an integer");
	bool counts = strcmp(policy, "on-failure") == 0;
	if (!counts && strcmp(policy, "always") != 0 && *policy &&
	    strcmp(policy, "unless-stopped") != 0 && strcmp(policy, "no") != 0)
		return failx("invalid restart policy: unknown policy '%s'; use "
			     "one of 'no', 'always', 'on-failure', or "
			     "'unless-stopped'", policy);
	if (settings->restart_max && !counts)
		return failx("invalid restart policy: maximum retry count can "
			     "only be used with 'on-failure'");
	if (settings->restart_max < 0)
		return failx("invalid restart policy: maximum retry count "
			     "cannot be negative");
	if (!*policy || strcmp(policy, "no") == 0)
		return free_scoped(&settings->restart), 0;
	return option_take_text(&settings->restart, policy);
}

int
take_cpus(void *member, const char *value)
{
	return parse_cpus(value, member);
}

/* ---- together ----------------------------------------------------------- */

static int
check_memory(const struct cgroup_limits *limits, bool is_update)
{
	int64_t memory = limits->memory, swap = limits->memory_swap;
	int64_t reservation = limits->memory_reservation;
	if (memory && memory < MEMORY_MIN)
		return failx("Minimum memory limit allowed is 4MB");
	if (memory && swap > 0 && swap < memory)
		return failx("Minimum memoryswap limit should be larger than "
			     "memory limit, see usage");
	if (!memory && swap > 0 && !is_update)
		return failx("You should always set the Memory limit when "
			     "using Memoryswap limit, see usage");
	if (reservation && reservation < MEMORY_MIN)
		return failx("Minimum memory reservation allowed is 4MB");
	if (memory && reservation > memory)
		return failx("Minimum memory limit can not be less than memory "
			     "reservation limit, see usage");
	if (limits->kernel_memory && limits->kernel_memory < MEMORY_MIN)
		return failx("Minimum kernel memory limit allowed is 4MB");
	return 0;
}

/* --cpus is the quota in a period of 100 ms, which is the kernel's own. */
static int
settle_cpu(struct settings *settings)
{
	struct cgroup_limits *limits = &settings->limits;
	int64_t quota = limits->cpu_quota_us;
	if (settings->nano_cpus && limits->cpu_period_us)
		return failx("Conflicting options: Nano CPUs and CPU Period "
			     "cannot both be set");
	if (settings->nano_cpus && quota > 0)
		return failx("Conflicting options: Nano CPUs and CPU Quota "
			     "cannot both be set");
	if (limits->cpu_period_us && (limits->cpu_period_us < 1000 ||
				      limits->cpu_period_us > 1000000))
		return failx("CPU cfs period can not be less than 1ms (i.e. "
			     "1000) or larger than 1s (i.e. 1000000)");
	if (quota > 0 && quota < 1000)
		return failx("CPU cfs quota can not be less than 1ms (i.e. "
			     "1000)");
	if (settings->nano_cpus)
		limits->cpu_quota_us = settings->nano_cpus / 10000;
	else if (quota < 0)
		limits->cpu_quota_us = CGROUP_NONE;
	return 0;
}

/* Are all of `list` among those that `file` lists?  `noun` as Docker says. */
static int
check_set(const char *list, const char *file, const char *value,
	  const char *noun)
{
	char online[256];
	if (!list)
		return 0;
	auto_free char *asked = cpulist_normalize(list);
	if (!asked)
		return failx("Invalid value %s for cpuset %s", list, value);
	if (read_text(AT_FDCWD, file, online, sizeof(online)) < 0)
		return 0; /* the kernel will say */
	auto_free char *both = text("%s,%s", asked, online);
	auto_free char *joined = cpulist_normalize(both);
	auto_free char *there = cpulist_normalize(online);
	if (joined && there && strcmp(joined, there) != 0)
		return failx("Requested %s are not available - requested %s, "
			     "available: %s", noun, list, online);
	return 0;
}

int
limits_settle(struct settings *settings, bool is_update)
{
	struct cgroup_limits *limits = &settings->limits;
	if (check_memory(limits, is_update) < 0 || settle_cpu(settings) < 0 ||
	    check_set(limits->cpuset_cpus, "/sys/devices/system/cpu/online",
		      "cpus", "CPUs") < 0 ||
	    check_set(limits->cpuset_mems, "/sys/devices/system/node/online",
		      "mems", "memory nodes") < 0)
		return -1;
	if (limits->io_weight &&
	    (limits->io_weight < 10 || limits->io_weight > 1000))
		return failx("Range of blkio weight is from 10 to 1000");
	return 0;
}
