/*
 * memory.c - experiment `memory`: a limit of 100 MiB, an eater of 200 MiB, and
 * the ways to get the limit wrong.
 *
 * A page is charged to the cgroup that its process is in when it first touches
 * the page, and stays charged there.  So a limit sees nothing of what was
 * eaten before its cgroup was entered; it takes badly what was eaten before it
 * was set; and when it is met, the kernel decides who dies.
 */
#include "demo.h"

#include "cgroup_limit.h"
#include "host.h"
#include "load.h"
#include "nibble.h"
#include "setting.h"
#include "words.h"

#define LIMIT (100 * MIB)
#define ALL (200 * MIB)
#define SOME (150 * MIB)
#define SLACK (8 * MIB) /* page tables, stacks, and what CPUs charge ahead */

/* Memory without swap: both together are limited to the same. */
static int
limit(const struct cgroup *cg, uint64_t bytes)
{
	return cgroup_limit(cg, &(struct cgroup_limits){
					.memory = bytes,
					.memory_swap = bytes });
}

static int
create_limited(struct cgroup *cg, const char *name, uint64_t bytes)
{
	return load_create_cgroup(cg, name) < 0 ? -1 : limit(cg, bytes);
}

static int
show_usage(const struct cgroup *cg, const char *what,
	   struct cgroup_usage *usage)
{
	if (cgroup_read_usage(cg, usage) < 0)
		return -1;
	tour_show(what, "%s of %s", words_mib(usage->memory).text,
		  words_mib(usage->memory_limit).text);
	return 0;
}

/* ---- 1: in time --------------------------------------------------------- */

static int
in_time(void)
{
	struct cgroup cg;
	struct load eater;
	struct cgroup_usage usage;
	int status;
	tour_step("An eater of 200 MiB, in its cgroup from the first byte");
	if (create_limited(&cg, "in-time", LIMIT) < 0 ||
	    load_start(&eater, &cg, nibble, ALL) < 0)
		return -1;
	uint64_t eaten = nibble_more(&eater, LIMIT / 2);
	if (show_usage(&cg, "used, after 50 MiB", &usage) < 0)
		return -1;
	tour_expect(usage.memory >= eaten && usage.memory < eaten + SLACK,
		    "each MiB it has eaten was charged here");
	eaten += nibble_more(&eater, ALL - eaten);
	if (nibble_end(&eater, "the eater ended", &status) < 0 ||
	    show_usage(&cg, "used, after that", &usage) < 0)
		return -1;
	tour_show("peak", "%s", words_mib(usage.memory_peak).text);
	tour_show("OOM kills", "%s", words_number(usage.oom_kills).text);
	tour_expect(nibble_was_killed(status) && usage.oom_kills == 1 &&
			    eaten <= LIMIT,
		    "the kernel let it have its 100 MiB, and killed it");
	tour_expect(usage.memory < SLACK, "what it had was given back");
	cgroup_close(&cg);
	return 0;
}

/* ---- 2: too late -------------------------------------------------------- */

/* As one who does not know the module would: another process's pid. */
static int
attach(const struct cgroup *cg, pid_t pid)
{
	auto_free char *line = text("%d", pid);
	return write_text(cgroup_dir_with(cg, "memory")->fd, "cgroup.procs",
			  line);
}

static int
eat_before_and_after(struct load *eater, const struct cgroup *cg)
{
	uint64_t eaten = nibble_more(eater, SOME);
	tour_show("eaten outside", "%s", words_mib(eaten).text);
	if (attach(cg, eater->pid) < 0)
		return wrap("attach process %d", eater->pid);
	eaten = nibble_more(eater, ALL - SOME);
	tour_show("eaten inside", "%s", words_mib(eaten).text);
	return 0;
}

static int
too_late(void)
{
	struct cgroup cg, outside;
	struct load eater;
	struct cgroup_usage here, there;
	int status;
	tour_step("The same limit, but the eater begins before it is attached");
	tour_say("So it goes when a parent forks, lets the child exec, and "
		 "then writes its pid.");
	if (create_limited(&cg, "late", LIMIT) < 0 ||
	    load_create_cgroup(&outside, "outside") < 0 ||
	    load_start(&eater, &outside, nibble, ALL) < 0 ||
	    eat_before_and_after(&eater, &cg) < 0 ||
	    show_usage(&cg, "charged inside", &here) < 0 ||
	    show_usage(&outside, "charged outside", &there) < 0 ||
	    nibble_end(&eater, "the eater ended", &status) < 0)
		return -1;
	tour_expect(there.memory >= SOME, "what was charged outside stayed "
		    "there: charges do not move");
	tour_expect(here.memory < ALL - SOME + SLACK && here.oom_kills == 0,
		    "a process of 200 MiB under a limit of 100: the limit saw "
		    "50");
	tour_expect(status == 0, "and the race is lost");
	tour_say("The cure is step 1: born in its cgroup (v2), or the first to "
		 "write itself there (v1).");
	cgroup_close(&cg);
	cgroup_close(&outside);
	return 0;
}

/* ---- 3: a limit that comes late ----------------------------------------- */

static int
lowered(void)
{
	struct cgroup cg;
	struct load eater;
	struct cgroup_usage usage;
	int status;
	tour_step("A limit lowered to 100 MiB when 150 are in use");
	if (create_limited(&cg, "lowered", 2 * ALL) < 0 ||
	    load_start(&eater, &cg, nibble, SOME) < 0)
		return -1;
	nibble_more(&eater, SOME);
	bool refused = limit(&cg, LIMIT) < 0;
	if (refused)
		setting_show_refusal();
	if (nibble_end(&eater, "the eater ended", &status) < 0 ||
	    cgroup_read_usage(&cg, &usage) < 0)
		return -1;
	tour_show("limit now", "%s", words_mib(usage.memory_limit).text);
	tour_show("OOM kills", "%s", words_number(usage.oom_kills).text);
	if (cgroup_dir_with(&cg, "memory")->in.version == 1)
		tour_expect(refused && status == 0 &&
				    usage.oom_kills == 0,
			    "v1 refuses, and the old limit stays");
	else
		tour_expect(!refused && nibble_was_killed(status) &&
				    usage.oom_kills == 1,
			    "v2 takes it, and makes it true by a kill");
	cgroup_close(&cg);
	return 0;
}

/* ---- 4: the wrong one --------------------------------------------------- */

/* The next in line, whatever its size: 1000 is added to its score, in
 * thousandths of the memory there is. */
static int
volunteer(pid_t pid)
{
	auto_free char *path = text("/proc/%d/oom_score_adj", pid);
	return write_text(AT_FDCWD, path, "1000");
}

/* One has 70 MiB and sits still; another one eats what is over. */
static int
two_in_one(const char *name, bool eater_volunteers)
{
	struct cgroup cg;
	struct load sitter, eater;
	struct cgroup_usage usage;
	int of_sitter, of_eater;
	if (create_limited(&cg, name, LIMIT) < 0 ||
	    load_start(&sitter, &cg, nibble, 70 * MIB) < 0 ||
	    load_start(&eater, &cg, nibble, 50 * MIB) < 0)
		return -1;
	nibble_more(&sitter, 70 * MIB);
	if (eater_volunteers && volunteer(eater.pid) < 0)
		return -1;
	uint64_t eaten = nibble_more(&eater, 50 * MIB);
	tour_show("the eater got", "%s", words_mib(eaten).text);
	if (nibble_end(&eater, "the eater ended", &of_eater) < 0 ||
	    nibble_end(&sitter, "the sitter ended", &of_sitter) < 0 ||
	    cgroup_read_usage(&cg, &usage) < 0)
		return -1;
	cgroup_close(&cg);
	tour_expect(usage.oom_kills == 1 &&
			    nibble_was_killed(of_sitter) == !eater_volunteers &&
			    nibble_was_killed(of_eater) == eater_volunteers,
		    eater_volunteers ? "the eater was killed" :
				       "the one that sat still was killed");
	return 0;
}

static int
wrong_one(void)
{
	tour_step("One that has 70 MiB and sits still; another eats 50 more");
	tour_say("The kernel kills who has most, not who asked for more.");
	if (two_in_one("two", false) < 0)
		return -1;
	tour_step("The same, and the eater has an oom_score_adj of 1000");
	return two_in_one("chosen", true);
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
	cgroup_close(&cg);
	return in_time() < 0 || too_late() < 0 || lowered() < 0 ? -1 :
								  wrong_one();
}

const struct experiment demo_memory = {
	.name = "memory",
	.shows = "an eater against a limit: in time, too late, the wrong kill",
	.run = run,
	.tidy = load_remove_cgroups,
};
