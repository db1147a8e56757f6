/* cgroup_cpu.c - planning quota and period, which hang together, and sets of
 * CPUs; the formula of weights.  See cgroup_plan.h. */
#include <inttypes.h>
#include <string.h>

#include "cgroup_plan.h"
#include "cgroup_stat.h"
#include "cpulist.h"

/* ---- weights ------------------------------------------------------------ */

/* Squaring doubles the logarithm: whenever the square is 2 or more, the next
 * binary digit of it is 1.  (So this needs no libm.) */
static double
log2_of(double number)
{
	double result = 0;
	for (; number >= 2; number /= 2)
		result++;
	for (double digit = 0.5; digit > 1e-15; digit /= 2) {
		number *= number;
		if (number < 2)
			continue;
		number /= 2;
		result += digit;
	}
	return result;
}

uint64_t
cgroup_weight_of_shares(uint64_t shares)
{
	double l = log2_of(shares);
	double exponent = (l * l + 125 * l) / 612 - 7.0 / 34;
	/* The least weight whose logarithm is no less, but for rounding. */
	double wanted = exponent * log2_of(10) - 1e-11;
	uint64_t low = 1, high = 10000;
	while (low < high) {
		uint64_t middle = (low + high) / 2;
		if (log2_of(middle) >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* ---- quota and period --------------------------------------------------- */

/* v2 has both in one file: what is not asked for stays as it is. */
static void
plan_cpu_max(struct cgroup_plan *plan, const struct cgroup_dir *dir,
	     const char *quota, const char *period)
{
	char now[64], quota_now[32] = "max", period_now[32] = "100000";
	if (read_text(dir->fd, "cpu.max", now, sizeof(now)) >= 0)
		sscanf(now, "%31s %31s", quota_now, period_now);
	cgroup_plan_add(plan, dir, "cpu.max",
			text("%s %s", quota ? quota : quota_now,
			     period ? period : period_now));
}

/* v1 has two, and the share must at no moment be larger than it was or is to
 * be, or the cgroup above may not have it: a shorter period is set last. */
static void
plan_cfs(struct cgroup_plan *plan, const struct cgroup_dir *dir,
	 const char *quota, const char *period, uint64_t period_us)
{
	uint64_t now = 0;
	cgroup_read_number(dir->fd, "cpu.cfs_period_us", NULL, &now);
	bool shorter = period && period_us < now;
	if (shorter && quota)
		cgroup_plan_add(plan, dir, "cpu.cfs_quota_us",
				copy_text(quota));
	if (period)
		cgroup_plan_add(plan, dir, "cpu.cfs_period_us",
				copy_text(period));
	if (!shorter && quota)
		cgroup_plan_add(plan, dir, "cpu.cfs_quota_us",
				copy_text(quota));
}

int
cgroup_plan_quota(struct cgroup_plan *plan, const struct cgroup_limits *limits,
		  const struct cgroup_setting *setting)
{
	const struct cgroup_setting *quota_setting = setting + 1;
	auto_free char *quota = NULL, *period = NULL;
	if (limits->cpu_quota_us == 0 && limits->cpu_period_us == 0)
		return 0;
	const struct cgroup_dir *dir = cgroup_need(plan->cg, "cpu");
	if (!dir)
		return -1;
	int version = dir->in.version;
	if (limits->cpu_quota_us &&
	    !(quota = cgroup_setting_value(quota_setting, version,
					   limits->cpu_quota_us)))
		return -1;
	if (limits->cpu_period_us &&
	    !(period = cgroup_setting_value(setting, version,
					    limits->cpu_period_us)))
		return -1;
	if (version == 2)
		plan_cpu_max(plan, dir, quota, period);
	else
		plan_cfs(plan, dir, quota, period, limits->cpu_period_us);
	return 0;
}

/* ---- sets of CPUs and memory nodes -------------------------------------- */

int
cgroup_plan_cpuset(struct cgroup_plan *plan, const struct cgroup_limits *limits,
		   const struct cgroup_setting *setting)
{
	const char *list;
	memcpy(&list, (const char *)limits + setting->at, sizeof(list));
	if (!list)
		return 0;
	auto_free char *normal = cpulist_normalize(list);
	const struct cgroup_dir *dir =
		normal ? cgroup_need(plan->cg, "cpuset") : NULL;
	if (!dir)
		return normal ? -1 : wrap("%s", setting->name);
	cgroup_plan_add(plan, dir, cgroup_setting_file(setting, 1),
			copy_text(normal));
	if (dir->in.version == 1)
		return 0;
	/* v2 takes any list, and gives what the cgroup above has of it, or,
	 * when that is nothing, all of it. */
	auto_free char *effective = text("%s.effective", setting->v2);
	cgroup_plan_add(plan, dir, effective, copy_text(normal))->only_read =
		true;
	return 0;
}
