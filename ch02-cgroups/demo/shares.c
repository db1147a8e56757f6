/*
 * shares.c - experiment `shares`: a weight says how much one gets of what
 * others want, too, and nothing about what one may have.
 *
 * Two siblings compete for one CPU.  Whatever else runs there takes the same
 * from both, so their ratio is theirs on a busy machine, too.  They are both
 * stopped by one signal while their counters are read.
 */
#include "demo.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "cgroup_stat.h"
#include "clock.h"
#include "load.h"
#include "spin.h"
#include "sys.h"

#define LIGHT_SHARES 1024
#define HEAVY_SHARES 2048
#define ENOUGH_US 1500000 /* of CPU time, both together */
#define ALONE_US 300000

enum { LIGHT, HEAVY, BOTH };

static const char *const names[] = { "light", "heavy" };

/* Two cgroups, in each of them one process, and what each has used. */
struct rivals {
	struct cgroup cg[BOTH];
	struct load load[BOTH];
	uint64_t used_us[BOTH];
};

/* ---- weights ------------------------------------------------------------ */

static double
ratio(uint64_t light, uint64_t heavy)
{
	return (double)heavy / light;
}

static void
show_ratio(const char *what, uint64_t light, uint64_t heavy)
{
	tour_show(what, "%" PRIu64 " : %" PRIu64 " = 1 : %.2f", light, heavy,
		  ratio(light, heavy));
}

/* Set both, and read back how they stand to each other. */
static int
set_weights(const struct rivals *rivals, uint64_t heavy_shares, double *wanted)
{
	const uint64_t shares[] = { LIGHT_SHARES, heavy_shares };
	const struct cgroup_dir *dir = cgroup_dir_with(rivals->cg, "cpu");
	const char *file = dir->in.version == 2 ? "cpu.weight" : "cpu.shares";
	uint64_t weights[BOTH];
	for (int i = 0; i < BOTH; i++) {
		const struct cgroup *cg = &rivals->cg[i];
		if (cgroup_limit(cg, &(struct cgroup_limits){
					     .cpu_shares = shares[i] }) < 0 ||
		    cgroup_read_number(cgroup_dir_with(cg, "cpu")->fd, file,
				       NULL, &weights[i]) < 0)
			return -1;
	}
	show_ratio("--cpu-shares", shares[LIGHT], shares[HEAVY]);
	show_ratio(file, weights[LIGHT], weights[HEAVY]);
	*wanted = ratio(weights[LIGHT], weights[HEAVY]);
	return 0;
}

/* ---- competing ---------------------------------------------------------- */

static int
read_used(const struct rivals *rivals, uint64_t used_us[BOTH])
{
	for (int i = 0; i < BOTH; i++) {
		struct cgroup_usage usage;
		if (cgroup_read_usage(&rivals->cg[i], &usage) < 0)
			return -1;
		used_us[i] = usage.cpu_us;
	}
	return 0;
}

/* Stop both, of whom the first `running` are running, and read what they have
 * used since they were last stopped. */
static int
stop(struct rivals *rivals, int running, uint64_t since_us[BOTH])
{
	int status;
	uint64_t before_us[BOTH] = { rivals->used_us[LIGHT],
				     rivals->used_us[HEAVY] };
	if (sys_kill(-rivals->load[LIGHT].pid, SIGSTOP) < 0)
		return fail("stop both");
	for (int i = 0; i < running; i++)
		if (waitpid(rivals->load[i].pid, &status, WUNTRACED) < 0 ||
		    !WIFSTOPPED(status))
			return failx("the %s process has ended", names[i]);
	if (read_used(rivals, rivals->used_us) < 0)
		return -1;
	for (int i = 0; i < BOTH; i++)
		since_us[i] = rivals->used_us[i] - before_us[i];
	return 0;
}

/* Both on one CPU; in a process group of their own, so that one signal reaches
 * both; and stopped. */
static int
start_on(struct rivals *rivals, const cpu_set_t *cpu)
{
	for (int i = 0; i < BOTH; i++) {
		struct load *load = &rivals->load[i];
		if (load_start(load, &rivals->cg[i], load_spin, 0) < 0)
			return -1;
		/* Before Linux 6.2 entering a cpuset undoes what was
		 * inherited. */
		if (sys_sched_setaffinity(load->pid, cpu) < 0 ||
		    setpgid(load->pid, rivals->load[LIGHT].pid) < 0)
			return fail("prepare process %d", load->pid);
		if (load_go(load) < 0)
			return -1;
	}
	return stop(rivals, BOTH, (uint64_t[BOTH]){ 0 });
}

/*
 * We go to the CPU and have them there.  A process that is moved leaves a trace
 * on the CPU it comes from: for some tenths of a second the kernel takes its
 * cgroup to be busy there, too, and its weight to be divided among both.
 */
static int
start(struct rivals *rivals)
{
	cpu_set_t all, one;
	int cpu = 0;
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return fail("ask which CPUs there are");
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sys_sched_setaffinity(0, &one) < 0)
		return fail("go to CPU %d", cpu);
	tour_show("both on CPU", "%d", cpu);
	if (start_on(rivals, &one) < 0)
		return -1;
	return sys_sched_setaffinity(0, &all) < 0 ?
		       fail("leave CPU %d", cpu) :
		       0;
}

static int
compete(struct rivals *rivals, double wanted)
{
	uint64_t got_us[BOTH], now_us[BOTH];
	uint64_t end = clock_us() + 10000000;
	if (sys_kill(-rivals->load[LIGHT].pid, SIGCONT) < 0)
		return fail("continue both");
	do {
		clock_sleep_us(50000);
		if (read_used(rivals, now_us) < 0)
			return -1;
	} while (now_us[LIGHT] + now_us[HEAVY] <
			 rivals->used_us[LIGHT] + rivals->used_us[HEAVY] +
				 ENOUGH_US && clock_us() < end);
	if (stop(rivals, BOTH, got_us) < 0)
		return -1;
	show_ratio("CPU time used, us", got_us[LIGHT], got_us[HEAVY]);
	double got = ratio(got_us[LIGHT], got_us[HEAVY]);
	tour_expect(got > wanted * 0.95 && got < wanted * 1.05,
		    "1 : %.2f, within 5 %% of what the weights say", wanted);
	return 0;
}

/* ---- the others do not care --------------------------------------------- */

/* The light one goes on alone: what it gets of the time that passes. */
static int
run_alone(struct rivals *rivals)
{
	double percent = 0;
	tour_step("Only one of them wants the CPU: the heavy one stays "
		  "stopped");
	for (int tries = 0; tries < 3 && percent < 60; tries++) {
		uint64_t got_us[BOTH], start = clock_us();
		if (sys_kill(rivals->load[LIGHT].pid, SIGCONT) < 0)
			return fail("continue the light one");
		clock_sleep_us(ALONE_US);
		if (stop(rivals, LIGHT + 1, got_us) < 0)
			return -1;
		percent = 100.0 * got_us[LIGHT] / (clock_us() - start);
		tour_show("CPU time used, us", "%" PRIu64 ": %.0f %% of the "
			  "time that passed", got_us[LIGHT], percent);
	}
	tour_expect(percent > 60, "more than its third: a weight is no limit");
	return 0;
}

/* v2's formula bends: what is twice the weight there? */
static int
try_twice_the_weight(struct rivals *rivals)
{
	uint64_t shares = LIGHT_SHARES;
	uint64_t twice = 2 * cgroup_weight_of_shares(LIGHT_SHARES);
	double wanted;
	while (cgroup_weight_of_shares(shares) < twice)
		shares++;
	tour_step("The least --cpu-shares with twice the weight of %d",
		  LIGHT_SHARES);
	return set_weights(rivals, shares, &wanted) < 0 ?
		       -1 :
		       compete(rivals, wanted);
}

static int
play(struct rivals *rivals)
{
	double wanted;
	int version = cgroup_dir_with(rivals->cg, "cpu")->in.version;
	tour_step("Weights of %d and %d", LIGHT_SHARES, HEAVY_SHARES);
	if (spin_outweigh_others(rivals->cg) < 0 ||
	    set_weights(rivals, HEAVY_SHARES, &wanted) < 0)
		return -1;
	if (version == 1)
		show_ratio("cpu.weight, were this v2",
			   cgroup_weight_of_shares(LIGHT_SHARES),
			   cgroup_weight_of_shares(HEAVY_SHARES));
	else
		tour_say("v2 has another scale.  Docker's numbers are bent to "
			 "it, and not the ratio\n  but the default is kept.");
	tour_step("In each a process that only spins, both on one CPU");
	if (start(rivals) < 0 || compete(rivals, wanted) < 0 ||
	    run_alone(rivals) < 0)
		return -1;
	return version == 2 ? try_twice_the_weight(rivals) : 0;
}

static int
run(void)
{
	static const char *const needed[] = { "cpu", NULL };
	struct rivals rivals = { 0 };
	int result = load_cgroup_or_skip(&rivals.cg[LIGHT], names[LIGHT],
					 needed);
	if (result)
		return result;
	if (load_create_cgroup(&rivals.cg[HEAVY], names[HEAVY]) < 0)
		return -1;
	result = play(&rivals);
	for (int i = 0; i < BOTH; i++)
		cgroup_close(&rivals.cg[i]);
	return result;
}

/* ---- the scale ---------------------------------------------------------- */

/* --table: v1's numbers and v2's, and what becomes of their ratio. */
static int
print_table(FILE *out)
{
	static const uint64_t rows[] = {
		2, 128, 512, 1024, 2048, 4096, 16384, 262144,
	};
	fprintf(out, "%12s %10s %12s %10s %14s\n", "--cpu-shares", "of 1024",
		"cpu.weight", "of 100", "older runtimes");
	for (size_t i = 0; i < countof(rows); i++) {
		uint64_t weight = cgroup_weight_of_shares(rows[i]);
		uint64_t on_line = 1 + (rows[i] - 2) * 9999 / 262142;
		fprintf(out, "%12" PRIu64 " %10.3f %12" PRIu64 " %10.2f %14"
			PRIu64 "\n", rows[i], ratio(LIGHT_SHARES, rows[i]),
			weight, ratio(100, weight), on_line);
	}
	return 0;
}

static const struct tour_view views[] = {
	{ "--table", "Docker's CPU shares as weights of v2", print_table },
	{ NULL, NULL, NULL },
};

const struct experiment demo_shares = {
	.name = "shares",
	.shows = "weights 1024 : 2048 on one CPU, measured; and alone",
	.run = run,
	.tidy = load_remove_cgroups,
	.views = views,
};
