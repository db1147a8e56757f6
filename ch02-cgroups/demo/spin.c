/* spin.c - see spin.h. */
#include "spin.h"

#include <inttypes.h>
#include <signal.h>

#include "cgroup_stat.h"
#include "clock.h"
#include "load.h"
#include "sys.h"
#include "tour.h"

#define TRIES 3
#define SPINNERS_MAX 3
#define WARM_UP_US 100000
#define PATIENCE_US 2000000

int
spin_outweigh_others(const struct cgroup *cg)
{
	const struct cgroup_dir *dir = cgroup_dir_with(cg, "cpu");
	return dir->in.version == 2 ?
		       write_text(dir->fd, "../cpu.weight", "10000") :
		       write_text(dir->fd, "../cpu.shares", "262144");
}

/* A point in time and what had been used by then. */
struct mark {
	uint64_t us;
	struct cgroup_usage usage;
};

/*
 * The moment at which the quota has just been used up once more, or, without
 * a quota, now.  Between two such moments lies a whole number of periods.  A
 * reading in the middle of which we had to wait for the CPU is no good.
 */
static int
take_mark(const struct cgroup *cg, const struct spin *spin, struct mark *mark)
{
	uint64_t start = clock_us(), before = CGROUP_NONE;
	for (;;) {
		mark->us = clock_us();
		if (cgroup_read_usage(cg, &mark->usage) < 0)
			return -1;
		uint64_t now = clock_us();
		bool is_at_edge = !spin->has_quota ||
				  mark->usage.cpu_throttled > before;
		if ((is_at_edge && now - mark->us < (uint64_t)spin->us / 100) ||
		    now - start > PATIENCE_US)
			return 0;
		before = mark->usage.cpu_throttled;
		clock_sleep_us(500);
	}
}

static int
start_spinners(const struct cgroup *cg, struct load *spinners, int count)
{
	for (int i = 0; i < count; i++)
		if (load_start(&spinners[i], cg, load_spin, 0) < 0 ||
		    load_go(&spinners[i]) < 0)
			return -1;
	clock_sleep_us(WARM_UP_US);
	return 0;
}

static int
end_spinners(struct load *spinners, int count)
{
	int status;
	for (int i = 0; i < count; i++) {
		if (sys_pidfd_send_signal(spinners[i].pidfd, SIGKILL) < 0)
			return fail("end process %d", spinners[i].pid);
		if (load_wait(&spinners[i], &status) < 0)
			return -1;
	}
	return 0;
}

static int
measure_once(const struct cgroup *cg, const struct spin *spin,
	     struct spin_time *time)
{
	struct load spinners[SPINNERS_MAX];
	struct mark first, last;
	if (start_spinners(cg, spinners, spin->spinners) < 0 ||
	    take_mark(cg, spin, &first) < 0)
		return -1;
	clock_sleep_us(spin->us);
	if (take_mark(cg, spin, &last) < 0 ||
	    end_spinners(spinners, spin->spinners) < 0)
		return -1;
	const struct cgroup_usage *from = &first.usage, *to = &last.usage;
	*time = (struct spin_time){
		.passed_us = last.us - first.us,
		.used_us = to->cpu_us - from->cpu_us,
		.periods = to->cpu_periods - from->cpu_periods,
		.throttled = to->cpu_throttled - from->cpu_throttled,
		.throttled_us = to->cpu_throttled_us - from->cpu_throttled_us,
	};
	time->percent = 100.0 * time->used_us / time->passed_us;
	return 0;
}

int
spin_measure(const struct cgroup *cg, const struct spin *spin,
	     struct spin_time *time)
{
	*time = (struct spin_time){ 0 };
	for (int i = 0; i < TRIES && time->percent <= spin->at_least; i++) {
		if (measure_once(cg, spin, time) < 0)
			return -1;
		tour_show("CPU time used", "%" PRIu64 " us of %" PRIu64
			  " us that passed: %.1f %%", time->used_us,
			  time->passed_us, time->percent);
	}
	if (spin->has_quota)
		tour_show("periods, and quota used up",
			  "%" PRIu64 ", %" PRIu64, time->periods,
			  time->throttled);
	return 0;
}
