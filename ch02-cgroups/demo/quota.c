/*
 * quota.c - experiment `quota`: so much CPU time in every period, and then a
 * wait for the next one, however idle the machine is.
 */
#include "demo.h"

#include <inttypes.h>
#include <sched.h>

#include "cgroup_limit.h"
#include "cgroup_stat.h"
#include "load.h"
#include "spin.h"
#include "words.h"

/* What `docker run --cpus` counts in. */
#define PERIOD_US 100000
#define SHORT_PERIOD_US 10000

static int
set_quota(const struct cgroup *cg, uint64_t quota_us, uint64_t period_us)
{
	struct cgroup_limits limits = { .cpu_quota_us = quota_us,
					.cpu_period_us = period_us };
	struct cgroup_usage usage;
	if (cgroup_limit(cg, &limits) < 0 || cgroup_read_usage(cg, &usage) < 0)
		return -1;
	tour_show("quota and period, read back", "%s of %s us",
		  words_number(usage.cpu_quota_us).text,
		  words_number(usage.cpu_period_us).text);
	return 0;
}

/* How long they stand still at a time, by the kernel's count. */
static double
mean_stop_ms(const struct spin_time *time)
{
	double mean = time->throttled ?
			      time->throttled_us / 1000.0 / time->throttled :
			      0;
	tour_show("stopped, each time", "%.1f ms", mean);
	return mean;
}

static int
try_half(const struct cgroup *cg, double *stop_ms)
{
	struct spin spin = { .spinners = 1, .has_quota = true, .us = 1500000,
			     .at_least = 47.5 };
	struct spin_time time;
	tour_step("--cpus 0.5: half of the period, and a process that only "
		  "spins");
	if (set_quota(cg, PERIOD_US / 2, PERIOD_US) < 0 ||
	    spin_measure(cg, &spin, &time) < 0)
		return -1;
	tour_expect(time.percent > 47.5 && time.percent < 52.5,
		    "50 %% of one CPU, within 5 %% of that");
	tour_expect(time.throttled > 0, "what held it back was its quota");
	*stop_ms = mean_stop_ms(&time);
	return 0;
}

static int
try_short_period(const struct cgroup *cg, double long_stop_ms)
{
	struct spin spin = { .spinners = 1, .has_quota = true, .us = 300000 };
	struct spin_time time;
	tour_step("The same share of a tenth of the period");
	if (set_quota(cg, SHORT_PERIOD_US / 2, SHORT_PERIOD_US) < 0 ||
	    spin_measure(cg, &spin, &time) < 0)
		return -1;
	tour_expect(mean_stop_ms(&time) * 2 < long_stop_ms,
		    "shorter stops: whoever waits for an answer notices less");
	return 0;
}

static int
try_two(const struct cgroup *cg)
{
	cpu_set_t cpus;
	tour_step("--cpus 2: a quota of two periods in each");
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return fail("ask which CPUs there are");
	int count = CPU_COUNT(&cpus);
	if (count < 2) {
		tour_say("Left out: it needs two CPUs, and this process may "
			 "use one.");
		return 0;
	}
	/* With a third CPU it is the quota that keeps them from more. */
	bool has_more = count > 2;
	struct spin spin = { .spinners = has_more ? 3 : 2,
			     .has_quota = has_more, .us = 800000,
			     .at_least = 190 };
	struct spin_time time;
	tour_show("CPUs, processes that spin", "%d, %d", count, spin.spinners);
	if (set_quota(cg, 2 * PERIOD_US, PERIOD_US) < 0 ||
	    spin_measure(cg, &spin, &time) < 0)
		return -1;
	if (!has_more)
		tour_say("(Two CPUs are all there are: it is not the quota "
			 "that keeps them from more.)");
	tour_expect(time.percent > 190 && time.percent < 210,
		    "200 %% of one CPU, within 5 %% of that");
	return 0;
}

static int
run(void)
{
	struct cgroup cg;
	double stop_ms;
	int result = load_cgroup_or_skip(
		&cg, "quota", (const char *const[]){ "cpu", NULL });
	if (result)
		return result;
	if (spin_outweigh_others(&cg) < 0 || try_half(&cg, &stop_ms) < 0 ||
	    try_short_period(&cg, stop_ms) < 0 || try_two(&cg) < 0)
		return -1;
	cgroup_close(&cg);
	return 0;
}

const struct experiment demo_quota = {
	.name = "quota",
	.shows = "50 % and 200 % of a CPU by quota and period, measured",
	.run = run,
	.tidy = load_remove_cgroups,
};
