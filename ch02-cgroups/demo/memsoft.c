/*
 * memsoft.c - experiment `memsoft`: the softer options of memory.
 *
 * A reservation says what to leave alone when memory is short, swappiness
 * what to give up first, oom_kill_disable to wait instead of dying; and the
 * limit of kernel memory says nothing any more.  Half of them are v1's alone:
 * then v2's refusal is what is shown.
 */
#include "demo.h"

#include <string.h>
#include <sys/wait.h>

#include "cgroup_limit.h"
#include "clock.h"
#include "host.h"
#include "load.h"
#include "nibble.h"
#include "setting.h"
#include "swap.h"
#include "words.h"

#define SWAP (64 * MIB)
#define SLACK (4 * MIB)

static int version; /* of the hierarchy with the memory controller */

static int
show_usage(const struct cgroup *cg, const char *what,
	   struct cgroup_usage *usage)
{
	if (cgroup_read_usage(cg, usage) < 0)
		return -1;
	tour_show(what, "memory %s, swap %s", words_mib(usage->memory).text,
		  words_mib(usage->memory_swap).text);
	return 0;
}

static int
end(struct cgroup *cg)
{
	if (cgroup_kill(cg) < 0 || cgroup_destroy(cg) < 0)
		return -1;
	cgroup_close(cg);
	return 0;
}

/* ---- 1: a reservation is no limit --------------------------------------- */

static int
no_limit(void)
{
	struct cgroup cg;
	struct load eater;
	struct cgroup_usage usage;
	tour_step("A reservation of 32 MiB, and an eater of 48: no limit");
	if (load_create_cgroup(&cg, "reserved") < 0 ||
	    cgroup_limit(&cg, &(struct cgroup_limits){
				      .memory_reservation = 32 * MIB }) < 0)
		return -1;
	uint64_t reserved = setting_show(&cg, "--memory-reservation");
	if (load_start(&eater, &cg, nibble, 48 * MIB) < 0)
		return -1;
	uint64_t eaten = nibble_more(&eater, 48 * MIB);
	if (show_usage(&cg, "after 48 MiB", &usage) < 0)
		return -1;
	tour_expect(reserved == 32 * MIB && eaten == 48 * MIB &&
			    usage.memory >= eaten && usage.oom_kills == 0,
		    "it has all 48 MiB: nobody was in want of memory");
	return end(&cg);
}

/* ---- 2: who gives up memory when it is short ---------------------------- */

/*
 * Two cgroups below one of 48 MiB: `kept` has eaten 32 MiB and sits still,
 * when `greedy` eats 32 as well.  16 MiB must go to swap: whose?
 */
static int
two_in_a_family(const char *name, uint64_t reservation, uint64_t *lost)
{
	struct cgroup family, kept, greedy;
	struct load sitter, eater;
	struct cgroup_usage usage;
	auto_free char *first = text("%s/kept", name);
	auto_free char *second = text("%s/greedy", name);
	if (load_create_cgroup(&family, name) < 0 ||
	    load_create_cgroup(&kept, first) < 0 ||
	    load_create_cgroup(&greedy, second) < 0 ||
	    cgroup_limit(&family, &(struct cgroup_limits){
					  .memory = 48 * MIB,
					  .memory_swap = -1 }) < 0 ||
	    cgroup_limit(&kept, &(struct cgroup_limits){
					.memory_reservation = reservation }) <
		    0 ||
	    load_start(&sitter, &kept, nibble, 32 * MIB) < 0 ||
	    load_start(&eater, &greedy, nibble, 32 * MIB) < 0)
		return -1;
	nibble_more(&sitter, 32 * MIB);
	nibble_more(&eater, 32 * MIB);
	if (show_usage(&greedy, "the one that eats", &usage) < 0 ||
	    show_usage(&kept, "the one that sits still", &usage) < 0)
		return -1;
	*lost = usage.memory_swap;
	cgroup_close(&kept);
	cgroup_close(&greedy);
	return end(&family);
}

static int
who_gives(void)
{
	uint64_t lost;
	tour_step("Two below a limit of 48 MiB: one has 32 and sits still, "
		  "one eats 32");
	if (two_in_a_family("short", 0, &lost) < 0)
		return -1;
	tour_expect(lost > SLACK, "who sits still has lost some to swap");
	tour_step("The same, and who sits still has a reservation of 40 MiB");
	if (two_in_a_family("kept-short", 40 * MIB, &lost) < 0)
		return -1;
	if (version == 2)
		tour_expect(lost < SLACK, "memory.low: it kept what it had");
	else
		tour_expect(lost > SLACK, "no difference: v1 asks for its "
			    "soft limit only when the whole host is short");
	return 0;
}

/* ---- 3: swappiness ------------------------------------------------------ */

static int
eat_with_swappiness(uint64_t swappiness, struct cgroup_usage *most,
		    int *status)
{
	struct cgroup cg;
	if (load_create_cgroup(&cg, "swappiness") < 0 ||
	    cgroup_limit(&cg, &(struct cgroup_limits){
				      .memory = 32 * MIB,
				      .memory_swap = 64 * MIB,
				      .swappiness = swappiness }) < 0 ||
	    nibble_all(&cg, 48 * MIB, most, status) < 0)
		return -1;
	return end(&cg);
}

static int
swappiness(void)
{
	int status;
	struct cgroup_usage most;
	tour_step("32 MiB and as much swap, an eater of 48: swappiness 100");
	if (eat_with_swappiness(100, &most, &status) < 0)
		return -1;
	tour_expect(status == 0 && most.memory_swap + SLACK > 16 * MIB,
		    "what did not fit is in swap");
	tour_step("The same, with a swappiness of 0");
	if (eat_with_swappiness(CGROUP_ZERO, &most, &status) < 0)
		return -1;
	tour_expect(nibble_was_killed(status) && most.oom_kills == 1 &&
			    most.memory_swap < MIB,
		    "swap it might have had, and it was killed without any");
	return 0;
}

/* ---- 4: wait instead of dying ------------------------------------------- */

/* Wait until the kernel says so, ten seconds at most. */
static bool
is_under_oom(const struct cgroup *cg)
{
	const struct cgroup_dir *dir = cgroup_dir_with(cg, "memory");
	uint64_t under_oom = 0;
	for (int tries = 0; tries < 1000 && under_oom != 1; tries++) {
		clock_sleep_us(10000);
		if (cgroup_read_number(dir->fd, "memory.oom_control",
				       "under_oom", &under_oom) < 0)
			return false;
	}
	tour_show("under_oom", "%s", words_number(under_oom).text);
	return under_oom == 1;
}

static int
limit_without_kill(const struct cgroup *cg, uint64_t bytes)
{
	return cgroup_limit(cg, &(struct cgroup_limits){
					.memory = bytes,
					.memory_swap = bytes,
					.oom_kill_disable = 1 });
}

static int
wait_for_more(void)
{
	struct cgroup cg;
	struct load eater;
	struct cgroup_usage usage;
	int status;
	tour_step("oom_kill_disable, 32 MiB, and an eater of 48");
	if (load_create_cgroup(&cg, "patient") < 0 ||
	    limit_without_kill(&cg, 32 * MIB) < 0 ||
	    load_start(&eater, &cg, load_eat, 48 * MIB) < 0 ||
	    load_go(&eater) < 0)
		return -1;
	bool waits = is_under_oom(&cg);
	if (show_usage(&cg, "used", &usage) < 0)
		return -1;
	tour_expect(waits && usage.oom_kills == 0 &&
			    waitpid(eater.pid, &status, WNOHANG) == 0,
		    "it is neither dead nor done: it waits, in the middle of "
		    "a page fault");
	tour_step("The limit is raised to 64 MiB");
	if (limit_without_kill(&cg, 64 * MIB) < 0 ||
	    load_wait(&eater, &status) < 0)
		return -1;
	tour_show("the eater ended", "%s", words_status(status).text);
	tour_expect(status == 0,
		    "it went on where it was");
	return end(&cg);
}

/* ---- what v2 has not got, and nobody has any more ----------------------- */

static int
refused(const char *option, const struct cgroup_limits *limits)
{
	struct cgroup cg;
	tour_step("%s, which v2 has not got", option);
	if (load_create_cgroup(&cg, "refused") < 0)
		return -1;
	bool taken = cgroup_limit(&cg, limits) == 0;
	if (!taken)
		setting_show_refusal();
	tour_expect(!taken, "it is refused, and not passed over in silence");
	return end(&cg);
}

static int
kernel_memory(void)
{
	struct cgroup cg;
	tour_step("A limit of kernel memory, as --kernel-memory asked for");
	if (load_create_cgroup(&cg, "kernel") < 0)
		return -1;
	if (cgroup_limit(&cg, &(struct cgroup_limits){
				      .kernel_memory = 32 * MIB }) == 0) {
		tour_expect(setting_show(&cg, "--kernel-memory") == 32 * MIB,
			    "this kernel still has one; it went in 5.16");
	} else {
		setting_show_refusal();
		tour_expect(strstr(failure.text, "counts") &&
				    strstr(failure.text, "as memory"),
			    "it is refused: what the kernel needs for a "
			    "process is memory like any other");
	}
	return end(&cg);
}

/* ---- the whole ---------------------------------------------------------- */

static int
with_swap(void)
{
	if (who_gives() < 0)
		return -1;
	return version == 1 ? swappiness() : 0;
}

static int
play(void)
{
	if (no_limit() < 0)
		return -1;
	if (swap_need(SWAP) < 0)
		tour_say("Left out: what memory shortage does with swap. %s",
			 failure.text);
	else if (with_swap() < 0)
		return -1;
	if (version == 1)
		return wait_for_more() < 0 ? -1 : kernel_memory();
	if (refused("--memory-swappiness 77",
		    &(struct cgroup_limits){ .swappiness = 77 }) < 0 ||
	    refused("--oom-kill-disable",
		    &(struct cgroup_limits){ .oom_kill_disable = 1 }) < 0)
		return -1;
	return kernel_memory();
}

static int
run(void)
{
	struct cgroup cg;
	int result = host_survives_oom_or_skip();
	if (result == 0)
		result = load_cgroup_or_skip(
			&cg, "first",
			(const char *const[]){ "memory", NULL });
	if (result)
		return result;
	version = cgroup_dir_with(&cg, "memory")->in.version;
	return end(&cg) < 0 ? -1 : play();
}

static void
tidy(void)
{
	load_remove_cgroups();
	swap_remove();
}

const struct experiment demo_memsoft = {
	.name = "memsoft",
	.shows = "reservation, swappiness, oom_kill_disable, kernel memory",
	.run = run,
	.tidy = tidy,
};
