/* cgroup_limit.c - see cgroup_limit.h. */
#include "cgroup_limit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_stat.h"

/* ---- planning ----------------------------------------------------------- */

/* One file to be written. */
struct setting {
	const struct cgroup_dir *dir;
	const char *file;
	char value[64];
	bool optional; /* the file may be missing */
	char *before;  /* what was in it, to put back; NULL: not written */
};

#define SETTINGS_MAX 8
struct plan {
	const struct cgroup *cg;
	struct setting settings[SETTINGS_MAX];
	size_t count;
};

static void add_setting(struct plan *plan, const struct cgroup_dir *dir,
			const char *file, const char *fmt, ...)
	printf_like(4, 5);

static void
add_setting(struct plan *plan, const struct cgroup_dir *dir, const char *file,
	    const char *fmt, ...)
{
	struct setting *setting = &plan->settings[plan->count++];
	*setting = (struct setting){ .dir = dir, .file = file };
	va_list args;
	va_start(args, fmt);
	vsnprintf(setting->value, sizeof(setting->value), fmt, args);
	va_end(args);
}

/* Why is `controller` not at work in this cgroup?  Fills in the failure. */
static void
explain_absence(const struct cgroup *cg, const char *controller)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return;
	const struct hierarchy *with = hierarchy_with(&found, controller);
	if (with && with->why) {
		failx("no %s controller for %s: %s", controller, cg->name,
		      with->why);
		return;
	}
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].lacking && with && with->version == 2) {
			failx("no %s controller for %s: %s", controller,
			      cg->name, cg->dirs[i].lacking);
			return;
		}
	failx("no %s controller for %s: %s", controller, cg->name,
	      with ? "it did not reach the cgroup" :
		     "this kernel has none, or has it switched off or not "
		     "delegated (see /proc/cgroups and cgroup.controllers)");
}

static const struct cgroup_dir *
need_controller(const struct cgroup *cg, const char *controller)
{
	const struct cgroup_dir *dir = cgroup_dir_with(cg, controller);
	if (!dir)
		explain_absence(cg, controller);
	return dir;
}

static int
check_memory(const struct cgroup_limits *limits)
{
	if (limits->memory > INT64_MAX)
		return failx("a memory limit of %" PRIu64 " bytes is beyond "
			     "what the kernel can count", limits->memory);
	if (limits->memory_swap < -1)
		return failx("a limit of %" PRId64 " bytes of memory and swap "
			     "is negative; -1 means none",
			     limits->memory_swap);
	if (limits->memory_swap > 0 &&
	    (limits->memory == 0 ||
	     (uint64_t)limits->memory_swap < limits->memory))
		return failx("memory and swap together (%" PRId64 " bytes) "
			     "must be limited to no less than memory alone (%"
			     PRIu64 "), which must be limited, too",
			     limits->memory_swap, limits->memory);
	return 0;
}

/* Memory and swap together; -1: no limit. */
static int64_t
both_limits(const struct cgroup_limits *limits)
{
	if (limits->memory_swap)
		return limits->memory_swap;
	return limits->memory > INT64_MAX / 2 ? -1 :
						2 * (int64_t)limits->memory;
}

/*
 * v1 limits memory, and the sum of memory and swap, and always wants the sum
 * to be no smaller: which is written first depends on where the sum is now.
 */
static void
plan_memory_v1(struct plan *plan, const struct cgroup_dir *dir,
	       const struct cgroup_limits *limits)
{
	uint64_t sum_now = 0;
	int64_t sum = both_limits(limits);
	bool known = cgroup_read_number(dir->fd, "memory.memsw.limit_in_bytes",
					NULL, &sum_now) == 0;
	bool grows = known && (sum < 0 || (uint64_t)sum > sum_now);
	for (int turn = 0; turn < 2; turn++) {
		if ((turn == 0) == grows) {
			add_setting(plan, dir, "memory.memsw.limit_in_bytes",
				    "%" PRId64, sum);
			plan->settings[plan->count - 1].optional =
				limits->memory_swap == 0;
		} else if (limits->memory) {
			add_setting(plan, dir, "memory.limit_in_bytes",
				    "%" PRIu64, limits->memory);
		}
	}
}

/* v2 limits memory and swap each for itself. */
static void
plan_memory_v2(struct plan *plan, const struct cgroup_dir *dir,
	       const struct cgroup_limits *limits)
{
	int64_t sum = both_limits(limits);
	if (limits->memory)
		add_setting(plan, dir, "memory.max", "%" PRIu64,
			    limits->memory);
	if (sum < 0)
		add_setting(plan, dir, "memory.swap.max", "max");
	else
		add_setting(plan, dir, "memory.swap.max", "%" PRIu64,
			    (uint64_t)sum - limits->memory);
	plan->settings[plan->count - 1].optional = limits->memory_swap == 0;
}

static int
plan_memory(struct plan *plan, const struct cgroup_limits *limits)
{
	if (limits->memory == 0 && limits->memory_swap == 0)
		return 0;
	if (check_memory(limits) < 0)
		return -1;
	const struct cgroup_dir *dir = need_controller(plan->cg, "memory");
	if (!dir)
		return -1;
	if (dir->in.version == 1)
		plan_memory_v1(plan, dir, limits);
	else
		plan_memory_v2(plan, dir, limits);
	return 0;
}

#define CPU_PERIOD_US 100000

static int
plan_cpu(struct plan *plan, const struct cgroup_limits *limits)
{
	if (limits->cpu_quota_us == 0 && limits->cpu_period_us == 0)
		return 0;
	const struct cgroup_dir *dir = need_controller(plan->cg, "cpu");
	if (!dir)
		return -1;
	uint64_t quota = limits->cpu_quota_us;
	uint64_t period = limits->cpu_period_us;
	if (dir->in.version == 2 && quota == 0) {
		add_setting(plan, dir, "cpu.max", "max %" PRIu64, period);
	} else if (dir->in.version == 2) {
		add_setting(plan, dir, "cpu.max", "%" PRIu64 " %" PRIu64,
			    quota, period ? period : CPU_PERIOD_US);
	} else {
		add_setting(plan, dir, "cpu.cfs_period_us", "%" PRIu64,
			    period ? period : CPU_PERIOD_US);
		if (quota)
			add_setting(plan, dir, "cpu.cfs_quota_us", "%" PRIu64,
				    quota);
	}
	return 0;
}

static int
plan_pids(struct plan *plan, const struct cgroup_limits *limits)
{
	if (limits->pids == 0)
		return 0;
	const struct cgroup_dir *dir = need_controller(plan->cg, "pids");
	if (!dir)
		return -1;
	add_setting(plan, dir, "pids.max", "%" PRIu64, limits->pids);
	return 0;
}

/* ---- carrying out ------------------------------------------------------- */

/* What the errno of a refused value means for this file. */
static const struct {
	const char *file; /* begins with this */
	int code;
	const char *why;
} refusals[] = {
	{ "memory.", EBUSY, "more than that is in use and cannot be freed" },
	{ "memory.memsw", EINVAL, "it must be no less than the limit of "
				  "memory alone" },
	{ "memory.memsw", ENOENT, "this kernel does not account swap (boot "
				  "with swapaccount=1)" },
	{ "memory.swap", ENOENT, "this kernel does not account swap (boot "
				 "with swapaccount=1)" },
	{ "memory.limit", EINVAL, "it must be no more than the limit of "
				  "memory and swap" },
	{ "cpu.", EINVAL, "the period must be 1000 to 1000000 us, the quota "
			  "at least 1000 us and no larger a share than that "
			  "of the cgroup above" },
	{ "cpu.", ENOENT, "this kernel has no CPU quotas "
			  "(CONFIG_CFS_BANDWIDTH)" },
	{ "pids.", EINVAL, "it must be no more than 4194304" },
	{ "", ENODEV, "the cgroup is gone" },
};

static int
explain_refusal(const struct setting *setting, int code)
{
	const char *why = strerror(code);
	for (size_t i = 0; i < countof(refusals); i++)
		if (refusals[i].code == code &&
		    strncmp(setting->file, refusals[i].file,
			    strlen(refusals[i].file)) == 0) {
			why = refusals[i].why;
			break;
		}
	failx("write \"%s\" to %s/%s: %s", setting->value, setting->dir->path,
	      setting->file, why);
	failure.code = code;
	return -1;
}

static int
apply(struct setting *setting)
{
	int dir = setting->dir->fd;
	auto_free char *before = read_all(dir, setting->file, NULL);
	if (!before && failure.code == ENOENT && setting->optional)
		return 0;
	if (!before || write_text(dir, setting->file, setting->value) < 0)
		return explain_refusal(setting, failure.code);
	before[strcspn(before, "\n")] = '\0';
	setting->before = take_ptr(&before);
	return 0;
}

static void
put_back(struct plan *plan)
{
	struct failure reason = failure;
	for (size_t i = plan->count; i-- > 0;) {
		struct setting *setting = &plan->settings[i];
		if (setting->before)
			write_text(setting->dir->fd, setting->file,
				   setting->before);
	}
	failure = reason;
}

int
cgroup_limit(const struct cgroup *cg, const struct cgroup_limits *limits)
{
	struct plan plan = { .cg = cg };
	if (plan_memory(&plan, limits) < 0 || plan_cpu(&plan, limits) < 0 ||
	    plan_pids(&plan, limits) < 0)
		return wrap("limit cgroup");
	int result = 0;
	for (size_t i = 0; i < plan.count && result == 0; i++)
		result = apply(&plan.settings[i]);
	if (result < 0)
		put_back(&plan);
	for (size_t i = 0; i < plan.count; i++)
		free(plan.settings[i].before);
	return result < 0 ? wrap("limit cgroup") : 0;
}
