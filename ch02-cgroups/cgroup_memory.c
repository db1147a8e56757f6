/*
 * cgroup_memory.c - planning the limits of memory and of swap, which hang
 * together, and swappiness; see cgroup_plan.h.
 *
 * Docker's --memory-swap is the sum of memory and swap, as v1's file is.  v2
 * limits memory and swap each for itself.
 */
#include <fcntl.h>
#include <inttypes.h>

#include "cgroup_plan.h"
#include "cgroup_stat.h"

static int
check_sum(const struct cgroup_limits *limits)
{
	uint64_t memory = cgroup_plain(limits->memory);
	int64_t sum = limits->memory_swap;
	if (sum < -1 && sum != CGROUP_SWAP_KEEP)
		return failx("a limit of %" PRId64 " bytes of memory and swap "
			     "is negative; -1 means none", sum);
	if (sum > 0 && (limits->memory == 0 || (uint64_t)sum < memory))
		return failx("memory and swap together (%" PRId64 " bytes) "
			     "must be limited to no less than memory alone (%"
			     PRIu64 "), which must be limited, too", sum,
			     memory);
	return 0;
}

/* Memory and swap together, or CGROUP_NONE. */
static uint64_t
sum_of(const struct cgroup_limits *limits)
{
	uint64_t memory = cgroup_plain(limits->memory);
	if (limits->memory_swap == 0)
		return memory > INT64_MAX / 2 ? CGROUP_NONE : 2 * memory;
	return limits->memory_swap < 0 ? CGROUP_NONE :
					 (uint64_t)limits->memory_swap;
}

static int
add(struct cgroup_plan *plan, const struct cgroup_dir *dir,
    const struct cgroup_setting *setting, uint64_t bytes, bool optional)
{
	int version = dir->in.version;
	char *value = cgroup_setting_value(setting, version, bytes);
	if (!value)
		return -1;
	struct cgroup_write *write = cgroup_plan_add(
		plan, dir, cgroup_setting_file(setting, version), value);
	write->granule = setting->granule;
	write->optional = optional;
	return 0;
}

/* On v1 the sum may at no moment be less than memory alone: it is raised
 * first, and lowered last. */
static bool
sum_comes_first(const struct cgroup_dir *dir, const char *file, uint64_t sum)
{
	uint64_t now;
	return dir->in.version == 1 &&
	       cgroup_read_number(dir->fd, file, NULL, &now) == 0 && sum > now;
}

int
cgroup_plan_memory(struct cgroup_plan *plan, const struct cgroup_limits *limits,
		   const struct cgroup_setting *setting)
{
	const struct cgroup_setting *both = setting + 1; /* --memory-swap */
	bool keep = limits->memory_swap == CGROUP_SWAP_KEEP;
	bool by_default = limits->memory_swap == 0 || keep;
	if (limits->memory == 0 && by_default)
		return 0;
	if (check_sum(limits) < 0)
		return -1;
	const struct cgroup_dir *dir = cgroup_need(plan->cg, "memory");
	if (!dir)
		return -1;
	/* Kept, it stands in the way of no limit at all on v1 alone. */
	if (keep && (dir->in.version == 2 || limits->memory != CGROUP_NONE))
		return add(plan, dir, setting, limits->memory, false);
	uint64_t sum = sum_of(limits);
	bool sum_first = sum_comes_first(dir, both->v1, sum);
	if (dir->in.version == 2 && sum != CGROUP_NONE)
		sum -= cgroup_plain(limits->memory);
	if (sum_first && add(plan, dir, both, sum, by_default) < 0)
		return -1;
	if (limits->memory &&
	    add(plan, dir, setting, limits->memory, false) < 0)
		return -1;
	return sum_first ? 0 : add(plan, dir, both, sum, by_default);
}

int
cgroup_plan_swappiness(struct cgroup_plan *plan,
		       const struct cgroup_limits *limits,
		       const struct cgroup_setting *setting)
{
	uint64_t of_host;
	auto_free char *path = text("%s/proc/sys/vm/swappiness",
				    hierarchy_root);
	const struct cgroup_dir *dir = cgroup_dir_with(plan->cg, "memory");
	if (dir && dir->in.version == 2 &&
	    cgroup_read_number(AT_FDCWD, path, NULL, &of_host) == 0 &&
	    limits->swappiness && cgroup_plain(limits->swappiness) == of_host)
		return 0;
	return cgroup_plan_number(plan, limits, setting);
}
