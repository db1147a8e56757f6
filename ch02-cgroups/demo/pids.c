/*
 * pids.c - experiment `pids`: a fork bomb in a box.
 *
 * It is a real one: every process of it forks for ever, and so does every
 * child.  All that keeps this machine alive is the limit.
 */
#include "demo.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_limit.h"
#include "cgroup_stat.h"
#include "clock.h"
#include "load.h"
#include "sys.h"
#include "words.h"

#define LIMIT 32

/* What all processes of the bomb have seen, in memory that they share. */
struct seen {
	int born;
	int refused;
	int code; /* errno of the last refusal */
};

static struct seen *seen;

/* for (;;) fork();  The rest counts, and rests when it was refused. */
static _Noreturn int
bomb(int sock, uint64_t amount)
{
	(void)sock, (void)amount;
	signal(SIGCHLD, SIG_IGN); /* a zombie, too, takes a place */
	for (;;) {
		pid_t self = getpid(), pid = fork();
		if (pid == 0)
			load_end_with(self);
		if (pid > 0)
			__atomic_add_fetch(&seen->born, 1, __ATOMIC_RELAXED);
		if (pid >= 0)
			continue;
		seen->code = errno;
		__atomic_add_fetch(&seen->refused, 1, __ATOMIC_RELAXED);
		clock_sleep_us(20000);
	}
}

/* ---- what the kernel counts --------------------------------------------- */

struct box {
	struct cgroup cg;
	struct load first; /* process of the bomb */
	int must_be_born;
	struct cgroup_usage usage; /* when we last looked */
};

static bool
has_processes(struct box *box, uint64_t count)
{
	return cgroup_read_usage(&box->cg, &box->usage) == 0 &&
	       box->usage.pids == count;
}

/* Are so many born, and has each been refused?  (A fork that is about to be
 * refused counts for a moment, too, so one look is not enough.) */
static bool
is_full(void *box)
{
	return seen->born >= ((struct box *)box)->must_be_born &&
	       seen->refused >= LIMIT && has_processes(box, LIMIT);
}

static bool
is_empty(void *box)
{
	return has_processes(box, 0);
}

static void
show_usage(const struct box *box)
{
	tour_show("pids.current of pids.max", "%s of %s",
		  words_number(box->usage.pids).text,
		  words_number(box->usage.pids_limit).text);
	tour_show("pids.events, max", "%s",
		  words_number(box->usage.pids_refused).text);
}

/* One of the bomb's processes, but not the first. */
static pid_t
find_victim(const struct box *box)
{
	auto_free char *list = read_all(cgroup_dir_with(&box->cg, "pids")->fd,
					"cgroup.procs", NULL);
	char *rest = list;
	for (char *line; (line = strsep(&rest, "\n"));) {
		pid_t pid = atoi(line);
		if (pid > 0 && pid != box->first.pid)
			return pid;
	}
	return failx("there is no process but the first");
}

/* ---- the steps ---------------------------------------------------------- */

static int
light_it(struct box *box)
{
	tour_step("A limit of %d processes, and a process that runs "
		  "for (;;) fork()", LIMIT);
	box->must_be_born = LIMIT - 1;
	if (cgroup_limit(&box->cg,
			 &(struct cgroup_limits){ .pids = LIMIT }) < 0 ||
	    load_start(&box->first, &box->cg, bomb, 0) < 0 ||
	    load_go(&box->first) < 0)
		return -1;
	bool has_stopped = clock_until(is_full, box);
	tour_show("forks that succeeded", "%d", seen->born);
	tour_show("forks that failed", "%d so far: %s", seen->refused,
		  strerror(seen->code));
	show_usage(box);
	tour_expect(has_stopped && seen->born == LIMIT - 1,
		    "itself and %d children: there the kernel stopped it",
		    LIMIT - 1);
	tour_expect(seen->code == EAGAIN, "all that fork(2) says is EAGAIN");
	tour_expect(box->usage.pids_refused >= LIMIT &&
			    box->usage.pids_refused != CGROUP_NONE,
		    "the kernel has refused each of them at least once");
	return 0;
}

static int
look_outside(void)
{
	int status = -1;
	tour_step("Outside the box, at the same time");
	pid_t pid = sys_fork();
	if (pid == 0)
		_exit(0);
	if (pid > 0 && waitpid(pid, &status, 0) < 0)
		return fail("wait for process %d", pid);
	tour_show("fork()", "%s", pid > 0 ? "a child, and it has run" :
					    strerror(errno));
	tour_expect(pid > 0 && status == 0, "this machine forks as ever");
	return 0;
}

static int
kill_one(struct box *box)
{
	tour_step("One of them is killed");
	pid_t victim = find_victim(box);
	if (victim < 0)
		return -1;
	int before = seen->born;
	box->must_be_born = before + 1;
	if (sys_kill(victim, SIGKILL) < 0)
		return fail("kill process %d", victim);
	bool is_full_again = clock_until(is_full, box);
	tour_show("born since", "%d", seen->born - before);
	show_usage(box);
	tour_expect(is_full_again, "its place is taken: one by one they "
		    "cannot be killed");
	return 0;
}

static int
kill_all(struct box *box)
{
	int status;
	tour_step("All of them are killed at once");
	if (cgroup_kill(&box->cg) < 0 || load_wait(&box->first, &status) < 0)
		return -1;
	bool has_ended = clock_until(is_empty, box);
	tour_show("how the first one ended", "%s", words_status(status).text);
	show_usage(box);
	tour_expect(has_ended, "nobody is left to fork");
	return 0;
}

static int
run(void)
{
	struct box box;
	int result = load_cgroup_or_skip(
		&box.cg, "pids", (const char *const[]){ "pids", NULL });
	if (result)
		return result;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return fail("map memory to share");
	if (light_it(&box) < 0 || look_outside() < 0 || kill_one(&box) < 0 ||
	    kill_all(&box) < 0)
		return -1;
	cgroup_close(&box.cg);
	return 0;
}

const struct experiment demo_pids = {
	.name = "pids",
	.shows = "a fork bomb that stays in its box",
	.run = run,
	.tidy = load_remove_cgroups,
};
