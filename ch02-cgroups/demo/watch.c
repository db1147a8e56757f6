/*
 * watch.c - experiment `watch`: CPU time, memory, disk and processes of a
 * cgroup and of those below it, while they are used.
 *
 * What is drawn is read from the kernel's counters.  So the claims hold them
 * against each other, and against what is known from elsewhere: the CPU clock
 * of the process that spins, the limits, what the loads were told to take.
 */
#include "demo.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "bars.h"
#include "cgroup_limit.h"
#include "clock.h"
#include "curves.h"
#include "disk.h"
#include "live.h"
#include "load.h"
#include "sync.h"
#include "words.h"

#define FRAMES 12
#define FRAME_US 200000
#define QUOTA_US 50000
#define PERIOD_US 100000
#define TICKS_US 20000 /* a counter may lag by a tick or two */
#define PIDS_LIMIT 8
#define CHILDREN 4
#define PIDS (1 + 1 + CHILDREN) /* the spinner, the forker and its children */
#define MEMORY_LIMIT (64 * MIB)
#define MEMORY_STEP (4 * MIB)
#define MEMORY_STEPS 10
#define DISK_SIZE MIB
#define BYTES_LIMIT 102400
#define REQUEST (BYTES_LIMIT / 10)

enum { ALL, BUSY, HUNGRY, COUNT };
static struct watched watched[COUNT] = { { .depth = 0 },
					 { .depth = 1 },
					 { .depth = 1 } };
static struct load spinner, forker, eater, writer;
static struct disk disk;
static bool has_disk;

/* ---- the loads ---------------------------------------------------------- */

static int
eat_slowly(int sock, uint64_t steps)
{
	while (steps-- > 0) {
		load_eat(sock, MEMORY_STEP);
		clock_sleep_us(FRAME_US * 3 / 4);
	}
	sync_send(sock, SYNC_READY);
	return sync_expect(sock, SYNC_GO, "the demo");
}

static int
write_on(int sock, uint64_t size)
{
	(void)sock;
	struct transfer transfer = {
		.writes = true,
		.size = size,
		.more = DISK_SIZE / size - 1,
	};
	while (transfer.code == 0)
		disk_transfer(&disk, &transfer);
	return transfer.code;
}

static int
set_limits(void)
{
	const struct cgroup_io_limit io = { disk.major, disk.minor,
					    .write_bps = BYTES_LIMIT };
	const struct cgroup_limits busy = {
		.cpu_quota_us = QUOTA_US,
		.cpu_period_us = PERIOD_US,
		.pids = PIDS_LIMIT,
	};
	const struct cgroup_limits hungry = {
		.memory = MEMORY_LIMIT,
		.io = &io,
		.io_count = has_disk,
	};
	if (cgroup_limit(&watched[BUSY].cg, &busy) < 0)
		return -1;
	return cgroup_limit(&watched[HUNGRY].cg, &hungry);
}

/* The two cgroups with what goes on in them. */
static int
start(void)
{
	struct cgroup *busy = &watched[BUSY].cg, *hungry = &watched[HUNGRY].cg;
	if (load_create_cgroup(busy, "watch/busy") < 0 ||
	    load_create_cgroup(hungry, "watch/hungry") < 0)
		return -1;
	has_disk = cgroup_has(hungry, "io") &&
		   disk_create(&disk, DISK_SIZE) == 0;
	if (set_limits() < 0 ||
	    load_start(&spinner, busy, load_spin, 0) < 0 ||
	    load_start(&forker, busy, load_fork, CHILDREN) < 0 ||
	    load_start(&eater, hungry, eat_slowly, MEMORY_STEPS) < 0 ||
	    (has_disk && (load_start(&writer, hungry, write_on, REQUEST) < 0 ||
			  load_go(&writer) < 0)) ||
	    load_go(&forker) < 0 ||
	    sync_expect(forker.sock, SYNC_READY, "the forker") < 0 ||
	    load_go(&spinner) < 0)
		return -1;
	return load_go(&eater);
}

/* ---- watching ----------------------------------------------------------- */

static int
look(void)
{
	for (int i = 0; i < COUNT; i++)
		if (watched_look(&watched[i]) < 0)
			return -1;
	return 0;
}

/* All looks between the first and the last; the eater is done by then. */
static int
record(bool live)
{
	uint64_t next = clock_us();
	for (int frame = 1; frame <= FRAMES; frame++) {
		next += FRAME_US;
		if (live)
			live_draw_until(next, watched, COUNT);
		while (clock_us() < next)
			clock_sleep_us(next - clock_us());
		if (frame < FRAMES && look() < 0)
			return -1;
	}
	return sync_expect(eater.sock, SYNC_READY, "the eater");
}

/* The CPU clock of the spinner. */
static uint64_t
spinner_us(void)
{
	clockid_t clock;
	struct timespec time = { 0 };
	if (clock_getcpuclockid(spinner.pid, &clock) == 0)
		clock_gettime(clock, &time);
	return time.tv_sec * UINT64_C(1000000) + time.tv_nsec / 1000;
}

/* ---- the claims --------------------------------------------------------- */

static const struct cgroup_usage *
last_usage(int which)
{
	return &watched[which].samples[watched[which].count - 1].usage;
}

/* The cgroup's counter, against the clock of the one process that used it:
 * `most` was read around the looks, `least` between them. */
static void
check_cpu(uint64_t least, uint64_t most)
{
	const struct watched *busy = &watched[BUSY];
	const struct sample *first = &busy->samples[0];
	const struct sample *last = &busy->samples[busy->count - 1];
	uint64_t counted = last->usage.cpu_us - first->usage.cpu_us;
	double percent = 100.0 * counted / (last->us - first->us);
	tour_show("busy, CPU time counted", "%" PRIu64 " us: %.1f %% of a CPU",
		  counted, percent);
	tour_show("its spinner's own clock", "%" PRIu64 " to %" PRIu64 " us",
		  least, most);
	tour_expect(counted + TICKS_US >= least && counted <= most + TICKS_US,
		    "the cgroup's counter and the process's clock agree");
	tour_expect(percent < 55, "and it was held to its quota of %d %%",
		    100 * QUOTA_US / PERIOD_US);
}

/* Read before and after those below it, for they go on. */
static int
check_sum(void)
{
	struct watched *all = &watched[ALL];
	if (look() < 0 || watched_look(all) < 0)
		return -1;
	const struct sample *after = &all->samples[all->count - 1];
	uint64_t sum = last_usage(BUSY)->cpu_us + last_usage(HUNGRY)->cpu_us;
	tour_show("watch, CPU time", "%" PRIu64 " us before, %" PRIu64
		  " us after", after[-1].usage.cpu_us, after->usage.cpu_us);
	tour_show("busy and hungry, between", "%" PRIu64 " us", sum);
	tour_expect(after[-1].usage.cpu_us <= sum + COUNT &&
			    sum <= after->usage.cpu_us + COUNT,
		    "what is above counts what is below, too");
	return 0;
}

static void
check_memory(void)
{
	uint64_t memory = last_usage(HUNGRY)->memory;
	tour_show("hungry, memory", "%s of %s", words_mib(memory).text,
		  words_mib(last_usage(HUNGRY)->memory_limit).text);
	tour_expect(memory >= MEMORY_STEP * MEMORY_STEPS &&
			    memory <= MEMORY_LIMIT,
		    "at least what was eaten, and no more than its limit");
}

static void
check_pids(void)
{
	tour_show("processes", "busy %" PRIu64 ", hungry %" PRIu64
		  ", both %" PRIu64, last_usage(BUSY)->pids,
		  last_usage(HUNGRY)->pids, last_usage(ALL)->pids);
	tour_expect(last_usage(BUSY)->pids == PIDS &&
			    last_usage(HUNGRY)->pids == 1u + has_disk &&
			    last_usage(ALL)->pids == PIDS + 1u + has_disk,
		    "as many as were started");
}

static void
check_disk(void)
{
	if (!has_disk) {
		tour_say("Nothing was written: there is no disk to limit.");
		return;
	}
	const struct watched *hungry = &watched[HUNGRY];
	const struct sample *first = &hungry->samples[0];
	const struct sample *last = &hungry->samples[hungry->count - 1];
	double most = BYTES_LIMIT * (last->us - first->us) / 1e6;
	uint64_t bytes = last->disk_bytes - first->disk_bytes;
	tour_show("hungry, bytes written", "%" PRIu64 "; by its limit %.0f",
		  bytes, most);
	tour_expect(bytes > 0 && bytes <= most + 2 * REQUEST,
		    "what it wrote kept to its limit, to a request or two");
}

/* ---- the whole ---------------------------------------------------------- */

static int
play(bool live)
{
	uint64_t before = spinner_us();
	if (look() < 0)
		return -1;
	uint64_t begun = spinner_us();
	if (live)
		live_begin();
	if (record(live) < 0)
		return -1;
	if (live)
		live_end();
	uint64_t end = spinner_us();
	if (look() < 0)
		return -1;
	uint64_t after = spinner_us();
	bars_print(stdout, watched, COUNT, BARS_WIDTH, "\n");
	tour_step("What was drawn, against what is known from elsewhere");
	check_cpu(end - begun, after - before);
	check_memory();
	check_pids();
	check_disk();
	return check_sum();
}

static int
run(void)
{
	int result = load_cgroup_or_skip(
		&watched[ALL].cg, "watch",
		(const char *const[]){ "memory", "cpu", "pids", NULL });
	if (result)
		return result;
	tour_step("Two cgroups below one: a spinner and %d who wait; an eater "
		  "and a writer", CHILDREN);
	if (start() < 0)
		return -1;
	return play(isatty(STDOUT_FILENO));
}

static int
print_svg(FILE *out)
{
	if (load_create_cgroup(&watched[ALL].cg, "watch") < 0 ||
	    start() < 0 || look() < 0 || record(false) < 0 || look() < 0)
		return -1;
	curves_print(out, &watched[BUSY], 2);
	return 0;
}

const struct experiment demo_watch = {
	.name = "watch",
	.shows = "CPU time, memory, disk and processes of a subtree, live",
	.run = run,
	.tidy = load_remove_cgroups,
	.views = (const struct tour_view[]){
		{ "--live", "all our cgroups there are, until Ctrl-C",
		  live_print },
		{ "--svg", "what the demo's two used, as a picture",
		  print_svg },
		{ 0 },
	},
	.stages_views = true,
};
