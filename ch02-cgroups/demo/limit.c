/*
 * limit.c - experiment `limit`: the chapter's program.
 *
 * A child is cloned, is in its cgroup before it does anything of its own, and
 * meets three limits: of memory, of CPU time and of processes.  What was asked
 * for stands beside what the kernel counted.  Every limit is shown from its
 * other side as well: the same load in a cgroup without limits.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "cgroup_stat.h"
#include "host.h"
#include "load.h"
#include "spin.h"
#include "sync.h"
#include "words.h"

#define MEMORY_LIMIT (100 * MIB)
#define MEMORY_EATEN (200 * MIB)
#define QUOTA_US 50000
#define PERIOD_US 100000
#define PIDS_LIMIT 8
#define FORKS 20

static const struct cgroup_limits limits = {
	.memory = MEMORY_LIMIT,
	.memory_swap = MEMORY_LIMIT, /* both together: so no swap */
	.cpu_quota_us = QUOTA_US,
	.cpu_period_us = PERIOD_US,
	.pids = PIDS_LIMIT,
};

/* ---- 1: the cgroups ----------------------------------------------------- */

static void
show_places(const struct cgroup *cg)
{
	static const char *const used[] = { "memory", "cpu", "pids" };
	for (size_t i = 0; i < countof(used); i++) {
		const struct cgroup_dir *dir = cgroup_dir_with(cg, used[i]);
		if (dir)
			tour_show(used[i], "v%d  %s", dir->in.version,
				  dir->path);
	}
}

/* Set the limits and read back what the kernel made of them. */
static int
set_limits(const struct cgroup *cg)
{
	tour_step("Limits: %" PRIu64 " MiB of memory without swap, %d ms of "
		  "CPU time in every %d ms, %d processes",
		  MEMORY_LIMIT / MIB, QUOTA_US / 1000, PERIOD_US / 1000,
		  PIDS_LIMIT);
	struct cgroup_usage usage;
	if (cgroup_limit(cg, &limits) < 0 || cgroup_read_usage(cg, &usage) < 0)
		return -1;
	tour_show("memory limit, read back", "%s",
		  words_mib(usage.memory_limit).text);
	tour_show("CPU quota, read back", "%s of %s us",
		  words_number(usage.cpu_quota_us).text,
		  words_number(usage.cpu_period_us).text);
	tour_show("process limit, read back", "%s",
		  words_number(usage.pids_limit).text);
	tour_expect(usage.memory_limit == MEMORY_LIMIT &&
			    usage.cpu_quota_us == QUOTA_US &&
			    usage.cpu_period_us == PERIOD_US &&
			    usage.pids_limit == PIDS_LIMIT,
		    "the kernel has taken all three as they were asked for");
	return 0;
}

/* ---- 2: the child ------------------------------------------------------- */

/* Is the process listed in each directory of the cgroup, by the kernel? */
static bool
is_inside(const struct cgroup *cg, pid_t pid)
{
	auto_free char *line = text("%d", pid);
	for (size_t i = 0; i < cg->count; i++) {
		auto_free char *list = read_all(cg->dirs[i].fd, "cgroup.procs",
						NULL);
		if (!list || !hierarchy_list_has(list, line))
			return false;
	}
	return true;
}

static int
show_membership(const struct cgroup *cg, pid_t pid)
{
	auto_free char *path = text("/proc/%d/cgroup", pid);
	auto_free char *lines = read_all(AT_FDCWD, path, NULL);
	if (!lines)
		return -1;
	char *rest = lines;
	for (char *line; (line = strtok_r(rest, "\n", &rest));)
		tour_show(line == lines ? path : "", "%s", line);
	tour_expect(is_inside(cg, pid), "every hierarchy in which we made a "
		    "cgroup lists the child there, and it has not begun yet");
	return 0;
}

/* ---- 3: memory ---------------------------------------------------------- */

/* The eater in this cgroup: its wait status, and what the kernel counted. */
static int
eat(const struct cgroup *cg, bool show_where, int *status,
    struct cgroup_usage *usage)
{
	struct load eater;
	if (load_start(&eater, cg, load_eat, MEMORY_EATEN) < 0 ||
	    (show_where && show_membership(cg, eater.pid) < 0) ||
	    load_go(&eater) < 0 || load_wait(&eater, status) < 0 ||
	    cgroup_read_usage(cg, usage) < 0)
		return -1;
	tour_show("how it ended", "%s", words_status(*status).text);
	tour_show("peak, counted by the kernel", "%s",
		  words_mib(usage->memory_peak).text);
	tour_show("OOM kills, counted by it", "%s",
		  words_number(usage->oom_kills).text);
	return 0;
}

static int
try_memory(const struct cgroup *limited, const struct cgroup *free_one)
{
	int status;
	struct cgroup_usage usage;
	tour_step("A child of 200 MiB, in a cgroup of 100 MiB before it runs");
	if (eat(limited, true, &status, &usage) < 0)
		return -1;
	tour_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		    "it was killed: a memory limit is no cap that waits");
	tour_expect(usage.oom_kills == 1,
		    "by the kernel's OOM killer, which counted one kill here");
	tour_expect(usage.memory_peak <= MEMORY_LIMIT ||
			    usage.memory_peak == CGROUP_NONE,
		    "and it never had more than its 100 MiB");

	tour_step("The other side: the same child without a limit");
	if (eat(free_one, false, &status, &usage) < 0)
		return -1;
	tour_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		    "it had all it wanted and ended by itself");
	tour_expect(usage.oom_kills == 0 && usage.memory_peak >= MEMORY_EATEN,
		    "the kernel saw at least 200 MiB, and killed nobody");
	return 0;
}

/* ---- 4: CPU time -------------------------------------------------------- */

static int
try_cpu(const struct cgroup *limited, const struct cgroup *free_one)
{
	struct spin with_quota = { .spinners = 1, .has_quota = true,
				   .us = 2000000, .at_least = 47.5 };
	struct spin without = { .spinners = 1, .us = 500000, .at_least = 60 };
	struct spin_time time;
	tour_step("A child that only spins, with half a CPU's quota");
	if (spin_outweigh_others(limited) < 0 ||
	    spin_measure(limited, &with_quota, &time) < 0)
		return -1;
	tour_expect(time.percent > 47.5 && time.percent < 52.5,
		    "it got 50 %% of one CPU, within 5 %% of that");

	tour_step("The other side: the same child without a quota");
	if (spin_measure(free_one, &without, &time) < 0)
		return -1;
	tour_expect(time.percent > 60, "it got more than the quota had "
		    "allowed");
	return 0;
}

/* ---- 5: processes ------------------------------------------------------- */

static int
multiply(const struct cgroup *cg, int *born, struct cgroup_usage *usage)
{
	struct load forker;
	int status;
	if (load_start(&forker, cg, load_fork, FORKS) < 0 ||
	    load_go(&forker) < 0 ||
	    sync_expect(forker.sock, SYNC_READY, "the child") < 0 ||
	    cgroup_read_usage(cg, usage) < 0 || load_go(&forker) < 0 ||
	    load_wait(&forker, &status) < 0)
		return -1;
	*born = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	tour_show("children it got", "%d of %d", *born, FORKS);
	tour_show("processes, counted", "%s", words_number(usage->pids).text);
	tour_show("forks refused, counted", "%s",
		  words_number(usage->pids_refused).text);
	return 0;
}

static int
try_pids(const struct cgroup *limited, const struct cgroup *free_one)
{
	int born;
	struct cgroup_usage usage;
	tour_step("A child that forks %d times where there may be %d processes",
		  FORKS, PIDS_LIMIT);
	if (multiply(limited, &born, &usage) < 0)
		return -1;
	tour_expect(born == PIDS_LIMIT - 1 && usage.pids == PIDS_LIMIT,
		    "itself and %d children: there the kernel stopped it",
		    PIDS_LIMIT - 1);
	tour_expect(usage.pids_refused > 0 &&
			    usage.pids_refused != CGROUP_NONE,
		    "and the kernel has counted that it said no");

	tour_step("The other side: the same child without that limit");
	if (multiply(free_one, &born, &usage) < 0)
		return -1;
	tour_expect(born == FORKS && usage.pids == FORKS + 1,
		    "it got all of its %d children", FORKS);
	return 0;
}

/* ---- 6: nothing remains ------------------------------------------------- */

static bool
is_gone(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (access(cg->dirs[i].path, F_OK) == 0 || errno != ENOENT)
			return false;
	return true;
}

static int
clean_up(struct cgroup *limited, struct cgroup *free_one,
	 const struct host *before)
{
	tour_step("Kill what is left in them, and remove them");
	struct cgroup *both[] = { limited, free_one };
	for (size_t i = 0; i < countof(both); i++) {
		if (cgroup_kill(both[i]) < 0 || cgroup_destroy(both[i]) < 0)
			return -1;
		tour_expect(is_gone(both[i]), "%s is gone from every hierarchy",
			    both[i]->name);
		cgroup_close(both[i]);
	}
	struct host after;
	if (host_look(&after) < 0)
		return -1;
	tour_show("memory limit of our own", "%s, before %s",
		  words_mib(after.memory).text, words_mib(before->memory).text);
	tour_expect(strcmp(after.cgroups, before->cgroups) == 0 &&
			    after.memory == before->memory &&
			    after.pids == before->pids,
		    "this process is where it was, with the limits it had");
	tour_expect(!host_hands_down_more(&after, before),
		    "nothing is handed down that was not before");
	host_forget(&after);
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

static int
play(struct cgroup *limited, struct cgroup *free_one,
     const struct host *before)
{
	show_places(limited);
	if (set_limits(limited) < 0 || try_memory(limited, free_one) < 0 ||
	    try_cpu(limited, free_one) < 0 ||
	    try_pids(limited, free_one) < 0 ||
	    load_shell(limited, "Try: cat /proc/self/cgroup, or to start nine "
				"programs: sleep 99 & sleep 99 & ...") < 0)
		return -1;
	return clean_up(limited, free_one, before);
}

static int
run(void)
{
	struct host before;
	struct cgroup limited, free_one;
	if (host_look(&before) < 0)
		return -1;
	tour_step("Two cgroups, in every hierarchy that this machine has");
	int result = load_cgroup_or_skip(
		&limited, "limited",
		(const char *const[]){ "memory", "cpu", "pids", NULL });
	if (result)
		return result;
	result = host_survives_oom_or_skip();
	if (result)
		return result;
	if (load_create_cgroup(&free_one, "free") < 0)
		return -1;
	result = play(&limited, &free_one, &before);
	host_forget(&before);
	return result;
}

const struct experiment demo_limit = {
	.name = "limit",
	.shows = "a child in its cgroup before it runs: memory, CPU, processes",
	.run = run,
	.tidy = load_remove_cgroups,
	.has_shell = true,
};
