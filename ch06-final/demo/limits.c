/* limits.c - experiment `limits`: -m and --cpus, as the kernel counts. */
#include "demo.h"

#include <time.h>
#include <unistd.h>

#include "allowed.h"
#include "cgroup_stat.h"
#include "container.h"
#include "stage.h"

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* CPU seconds used per second, over one second, by the cgroup's counter. */
static int
measure_cpu(const struct cgroup *cgroup, double *share)
{
	struct cgroup_usage before, after;
	double begin = now();
	if (cgroup_read_usage(cgroup, &before) < 0)
		return -1;
	sleep(1);
	if (cgroup_read_usage(cgroup, &after) < 0)
		return -1;
	*share = (after.cpu_us - before.cpu_us) / 1e6 / (now() - begin);
	return 0;
}

static int
watch_spinner(struct guest *guest)
{
	auto_free char *name = container_cgroup_name(guest->record.id, NULL);
	struct cgroup cgroup = { 0 };
	if (cgroup_open(&cgroup, name) < 0)
		return -1;
	struct cgroup_usage usage;
	double share = 0;
	int result = measure_cpu(&cgroup, &share);
	if (result == 0)
		result = cgroup_read_usage(&cgroup, &usage);
	cgroup_close(&cgroup);
	if (result < 0)
		return -1;
	tour_show("memory limit", "%llu bytes",
		  (unsigned long long)usage.memory_limit);
	tour_show("CPU used", "%.2f of one", share);
	tour_show("periods throttled", "%llu",
		  (unsigned long long)usage.cpu_throttled);
	tour_expect(usage.memory_limit == 32 << 20,
		    "the kernel's memory limit is 32 MiB");
	/* A busy machine may give less; it never gives more. */
	tour_expect(share > 0.02 && share < 0.35,
		    "a busy loop gets no more than the quota of 0.3");
	return 0;
}

static int
run_limits(void)
{
	int not_ready = stage_enter();
	if (not_ready)
		return not_ready;
	auto_free char *why = allowed_why_not("memory");
	if (why)
		return tour_skip("%s", why);
	tour_step("A busy loop that may have 0.3 of a CPU.");
	struct guest guest;
	if (stage_start_run(&guest, "limits-tour", "-m", "32m", "--cpus",
			    "0.3", "busybox", "sh", "-c",
			    "while :; do :; done") < 0)
		return -1;
	int result = watch_spinner(&guest);
	if (stage_end(&guest) < 0 || result < 0)
		return -1;

	tour_step("64 MiB wanted, 32 MiB allowed.");
	tour_expect(stage_run("run", "--rm", "-m", "32m", "busybox", "dd",
			      "if=/dev/zero", "of=/dev/null", "bs=64M",
			      "count=1") == 128 + 9,
		    "the kernel killed what ate too much");
	tour_expect(stage_run("run", "--rm", "-m", "256m", "busybox", "dd",
			      "if=/dev/zero", "of=/dev/null", "bs=64M",
			      "count=1") == 0,
		    "the same within 256 MiB lives");
	return 0;
}

const struct experiment demo_limits = {
	.name = "limits",
	.shows = "memory and CPU limits, measured by the kernel's counters",
	.run = run_limits,
	.tidy = stage_tidy,
};
