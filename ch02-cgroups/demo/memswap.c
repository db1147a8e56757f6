/*
 * memswap.c - experiment `memswap`: what --memory and --memory-swap allow
 * together, the five rows of Docker's table, each measured.
 *
 * An eater is given 1 MiB after the other; in between the kernel's counters
 * say how much memory and how much swap it has by then.  What they said before
 * it was killed is what the row allows.
 */
#include "demo.h"

#include "cgroup_limit.h"
#include "host.h"
#include "load.h"
#include "nibble.h"
#include "setting.h"
#include "swap.h"
#include "words.h"

#define MEMORY (32 * MIB)
#define EATEN (80 * MIB) /* more than any row but one allows */
#define SWAP (96 * MIB)
#define SLACK (4 * MIB) /* one bite, and what each CPU has charged ahead */

static const struct row {
	const char *asked;
	int64_t memory_swap;
	uint64_t swap; /* what must come of it */
	const char *is;
} rows[] = {
	{ "--memory-swap 48m", 48 * MIB, 16 * MIB, "the difference, 16 MiB" },
	{ "--memory-swap 32m", MEMORY, 0, "no swap, for both are the same" },
	{ "--memory-swap 0", 0, MEMORY, "as if it were not there" },
	{ "--memory-swap -1", -1, CGROUP_NONE, "as much as the host has" },
	{ "nothing more", 0, MEMORY, "as much swap as memory" },
};

static int
measure(const struct cgroup *cg, const struct row *row)
{
	struct cgroup_usage most;
	int status;
	if (nibble_all(cg, EATEN, &most, &status) < 0)
		return -1;
	uint64_t sum = most.memory + most.memory_swap;
	if (row->swap == CGROUP_NONE) {
		tour_expect(status == 0 && most.oom_kills == 0 &&
				    sum + SLACK > EATEN &&
				    most.memory <= MEMORY,
			    "it got its %d MiB, all but %d of them as swap",
			    (int)(EATEN / MIB), (int)(MEMORY / MIB));
		return 0;
	}
	tour_expect(sum <= MEMORY + row->swap &&
			    sum + SLACK > MEMORY + row->swap &&
			    nibble_was_killed(status) && most.oom_kills == 1,
		    "%d MiB of both together, then it was killed",
		    (int)((MEMORY + row->swap) / MIB));
	return 0;
}

static int
try_row(const struct row *row, const char *no_swap)
{
	struct cgroup cg;
	struct cgroup_limits limits = { .memory = MEMORY,
					.memory_swap = row->memory_swap };
	tour_step("--memory 32m and %s: %s", row->asked, row->is);
	if (load_create_cgroup(&cg, "row") < 0 ||
	    cgroup_limit(&cg, &limits) < 0)
		return -1;
	setting_show(&cg, "--memory");
	setting_show(&cg, "--memory-swap");
	if (no_swap && row->swap > 0)
		tour_say("Not measured: this needs swap. %s", no_swap);
	else if (measure(&cg, row) < 0)
		return -1;
	if (cgroup_kill(&cg) < 0 || cgroup_destroy(&cg) < 0)
		return -1;
	cgroup_close(&cg);
	return 0;
}

/* Is there a limit of swap at all? */
static int
accounts_swap_or_skip(void)
{
	struct cgroup cg;
	int result = host_survives_oom_or_skip();
	if (result == 0)
		result = load_cgroup_or_skip(
			&cg, "accounting",
			(const char *const[]){ "memory", NULL });
	if (result)
		return result;
	if (cgroup_limit(&cg, &(struct cgroup_limits){
				      .memory = MEMORY,
				      .memory_swap = MEMORY }) < 0)
		result = tour_skip("needs a limit of swap; found: %s",
				   failure.text);
	cgroup_close(&cg);
	return result;
}

static int
run(void)
{
	int result = accounts_swap_or_skip();
	if (result)
		return result;
	auto_free char *no_swap = NULL;
	tour_step("Swap, which it takes to see what is allowed of it");
	if (swap_need(SWAP) < 0) {
		no_swap = copy_text(failure.text);
		tour_say("There is none: %s", no_swap);
	}
	for (size_t i = 0; i < countof(rows); i++)
		if (try_row(&rows[i], no_swap) < 0)
			return -1;
	return 0;
}

static void
tidy(void)
{
	load_remove_cgroups();
	swap_remove();
}

const struct experiment demo_memswap = {
	.name = "memswap",
	.shows = "--memory against --memory-swap: five cases, measured",
	.run = run,
	.tidy = tidy,
};
