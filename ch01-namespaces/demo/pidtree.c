/*
 * pidtree.c - experiment `pidtree`: pid namespaces in one another, and what
 * their process 1 is good for.
 *
 * Three levels, each process 1 of a namespace below the one before.  All of
 * them send a pidfd of their own to the stage, which so holds those too that
 * are not its children.
 */
#include "demo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "init.h"
#include "look.h"
#include "nschild.h"
#include "orphan.h"
#include "ownproc.h"
#include "sync.h"
#include "sys.h"

#define LEVELS 3
static const char *const names[LEVELS] = { "one", "two", "three" };

struct tree {
	int sock; /* of all levels, to the stage */
	pid_t stage;
	int level; /* of the process that reads it, from 0 */
};

/* ---- on each level ----------------------------------------------------- */

static void
look_around(const struct tree *tree)
{
	int below = LEVELS - 1 - tree->level, count = look_count_processes();
	auto_free char *what = text("%s: its /proc lists", names[tree->level]);
	tour_show(what, "%d process%s; it is %d, its parent %d", count,
		  count == 1 ? "" : "es", getpid(), getppid());
	bool reached = true;
	for (pid_t pid = 1; pid <= 1 + below; pid++)
		reached &= sys_kill(pid, 0) == 0;
	tour_expect(count == 1 + below && reached && getppid() == 0,
		    "it sees and signals itself and %d below; what is above "
		    "is 0", below);
}

/* From the last level, where 1 is the only number. */
static void
signal_in_vain(const struct tree *tree)
{
	int code = sys_kill(tree->stage, 0) < 0 ? errno : 0;
	tour_show("three: kill(stage's pid, 0)", "%s", strerror(code));
	tour_expect(code == ESRCH, "those above have no number down here");
	tour_step("From inside, no signal ends process 1.");
	int term = sys_kill(1, SIGTERM), killed = sys_kill(1, SIGKILL);
	tour_show("three: kill(1, SIGTERM)", "%d", term);
	tour_show("three: kill(1, SIGKILL)", "%d", killed);
	tour_expect(term == 0 && killed == 0, "\"three\" is still here");
}

static int
live(int sock, void *data)
{
	struct tree *tree = data;
	auto_close int self = sys_pidfd_open(getpid());
	if (self < 0)
		return fail("open a pidfd");
	if (own_proc() < 0 || sync_send_fd(tree->sock, self) < 0)
		return -1;
	struct tree lower = *tree;
	struct ns_child below;
	bool last = ++lower.level == LEVELS;
	if (!last && ns_child_create(&below, CLONE_NEWPID | CLONE_NEWNS, -1,
				     live, &lower) < 0)
		return -1;
	/* The stage says go when it has heard of all of us. */
	if (sync_expect(sock, SYNC_GO, "the level above") < 0)
		return -1;
	look_around(tree);
	if (last)
		signal_in_vain(tree);
	else if (sync_send(below.sock, SYNC_GO) < 0 ||
		 sync_expect(below.sock, SYNC_READY, "the level below") < 0)
		return ns_child_give_up(&below);
	if (sync_send(sock, SYNC_READY) < 0)
		return -1;
	/* Nothing more will be said; but the one above may die. */
	return sync_expect(sock, SYNC_GO, "the level above");
}

/* ---- on the stage ------------------------------------------------------ */

/* The number, in our namespace, of the process behind a pidfd. */
static pid_t
pid_of(int pidfd)
{
	auto_free char *path = text("/proc/self/fdinfo/%d", pidfd);
	auto_free char *info = read_all(AT_FDCWD, path, NULL);
	const char *line = info ? strstr(info, "\nPid:") : NULL;
	int pid;
	return line && sscanf(line, " Pid: %d", &pid) == 1 ? pid : -1;
}

/* "4713 3 2 1": its number here, and in each namespace down to its own. */
static char *
expected_numbers(pid_t pid, int level)
{
	char *numbers = text("%d", pid);
	for (int i = level + 1; i > 0; i--) {
		auto_free char *shorter = numbers;
		numbers = text("%s %d", shorter, i);
	}
	return numbers;
}

static int
draw_tree(int sock, struct pollfd *levels)
{
	tour_step("Three pid namespaces, each within the one before, and a "
		  "process in each.");
	auto_free char *stage = look_status(0, "NSpid");
	tour_show("NSpid of the stage", "%s", stage);
	bool all = true;
	for (int i = 0; i < LEVELS; i++) {
		int pidfd = sync_expect_fd(sock, names[i]);
		if (pidfd < 0)
			return -1;
		levels[i] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
		auto_free char *numbers = look_status(pid_of(pidfd), "NSpid");
		auto_free char *due = expected_numbers(pid_of(pidfd), i);
		auto_free char *what = text("%*s%s", 2 * (i + 1), "",
					    names[i]);
		tour_show(what, "%s", numbers);
		all &= strcmp(numbers, due) == 0;
	}
	tour_expect(all, "a number in each namespace from here down to its "
			 "own, where it is 1");
	return 0;
}

static int
end_tree(struct ns_child *one, struct pollfd *levels)
{
	tour_step("From above, SIGKILL does; and all below go with it.");
	int status;
	/* Had the first been deadly, that would be the end we hear of. */
	sys_pidfd_send_signal(one->pidfd, SIGTERM);
	sys_pidfd_send_signal(one->pidfd, SIGKILL);
	if (ns_child_wait(one, &status) < 0)
		return -1;
	tour_show("SIGTERM, SIGKILL to \"one\"", "status %d (128 + %d)", status,
		  status - 128);
	tour_expect(status == 128 + SIGKILL,
		    "SIGTERM, for which it has no handler, did nothing");
	/* A pidfd is readable when its process has ended. */
	int ended = poll(levels, LEVELS, 0);
	tour_show("pidfds that are readable", "%d of %d", ended, LEVELS);
	tour_expect(ended == LEVELS,
		    "\"two\" and \"three\" were gone before \"one\" was");
	return 0;
}

static int
meet_tree(struct ns_child *one, int sock)
{
	struct pollfd levels[LEVELS];
	if (draw_tree(sock, levels) < 0)
		return ns_child_give_up(one);
	tour_step("Downwards one sees and signals; upwards there is nobody.");
	if (sync_send(one->sock, SYNC_GO) < 0 ||
	    sync_expect(one->sock, SYNC_READY, "one") < 0)
		return ns_child_give_up(one);
	return end_tree(one, levels);
}

static int
nest(void)
{
	struct tree tree = { .stage = getpid() };
	int ours, theirs;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	auto_close int sock = ours;
	auto_close int levels_sock = tree.sock = theirs;
	struct ns_child one;
	if (ns_child_create(&one, CLONE_NEWPID | CLONE_NEWNS, -1, live,
			    &tree) < 0)
		return -1;
	close_scoped(&levels_sock);
	return meet_tree(&one, sock);
}

/* ---- the duties of process 1 ------------------------------------------- */

static int
inherit(int sock, void *data)
{
	(void)sock;
	(void)data;
	if (orphan_make(getpid()) < 0)
		return -1;
	int status = 0;
	pid_t pid = waitpid(-1, &status, 0);
	tour_show("waitpid(-1)", "process %d, exit status %d", pid,
		  WEXITSTATUS(status));
	tour_expect(pid > 1, "and process 1 has to wait for it");
	return 0;
}

static int
reap_orphan(void)
{
	tour_step("Process 1 is the parent of every orphan of its namespace.");
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWPID, -1, inherit, NULL) < 0)
		return -1;
	return ns_child_wait(&child, NULL);
}

/* With a program that knows nothing of signals, as most do. */
static int
be_init(int sock, void *data)
{
	(void)data;
	setsid(); /* the terminal remains the stage's */
	pid_t pid = init_fork();
	if (pid < 0)
		return -1;
	if (pid > 0)
		return init_run(pid);
	sync_send(sock, SYNC_READY);
	_exit(sync_expect(sock, SYNC_GO, "the stage") < 0);
}

static int
pass_signal_on(void)
{
	tour_step("A process 1 that knows its duties (init.c), and a program "
		  "below it.");
	struct ns_child child;
	int status;
	if (ns_child_create(&child, CLONE_NEWPID, -1, be_init, NULL) < 0)
		return -1;
	if (sync_expect(child.sock, SYNC_READY, "the program") < 0)
		return ns_child_give_up(&child);
	sys_pidfd_send_signal(child.pidfd, SIGTERM);
	if (ns_child_wait(&child, &status) < 0)
		return -1;
	tour_show("SIGTERM to process 1", "exit status %d (128 + %d)", status,
		  status - 128);
	tour_expect(status == 128 + SIGTERM,
		    "passed on: the program died of it, and its process 1 "
		    "says so");
	return 0;
}

/* ---- without process 1 ------------------------------------------------- */

static int
fork_too_late(int sock, void *data)
{
	(void)sock;
	(void)data;
	if (sys_unshare(CLONE_NEWPID) < 0)
		return fail("make a pid namespace");
	pid_t first = sys_fork();
	if (first == 0)
		_exit(0);
	if (first < 0 || waitpid(first, NULL, 0) != first)
		return fail("have a child");
	tour_show("unshare(); fork()", "%d: process 1 in there, ends at once",
		  first);
	pid_t second = sys_fork();
	int code = errno;
	if (second == 0)
		_exit(0);
	tour_show("fork()", "%d: %s", second, strerror(code));
	tour_expect(second < 0 && code == ENOMEM,
		    "there is memory; there is no process 1");
	return 0;
}

static int
fork_into_the_dead(void)
{
	tour_step("A namespace whose process 1 is dead takes nobody in.");
	struct ns_child child;
	if (ns_child_create(&child, 0, -1, fork_too_late, NULL) < 0)
		return -1;
	return ns_child_wait(&child, NULL);
}

static int
run_pidtree(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	if (nest() < 0)
		return become_refused();
	if (reap_orphan() < 0 || pass_signal_on() < 0)
		return -1;
	return fork_into_the_dead();
}

const struct experiment demo_pidtree = {
	.name = "pidtree",
	.shows = "nested pid namespaces; the rights and duties of process 1",
	.run = run_pidtree,
};
