/*
 * move.c - experiment `move`: a process goes from one cgroup to another, alone
 * and in one hierarchy at a time; and what the kernel refuses.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "hand.h"
#include "load.h"
#include "sync.h"

#define NOBODY 65534
#define NO_SUCH_PID 4194305 /* the kernel gives out none above 4194304 */

struct pair {
	struct cgroup a, b;
};

/* ---- where it is -------------------------------------------------------- */

/* /proc/PID/cgroup's path in the hierarchy of this directory. */
static char *
path_in(const struct cgroup_dir *dir, pid_t pid)
{
	auto_free char *first = copy_text(dir->in.controllers);
	first[strcspn(first, ",")] = '\0';
	return hand_path(pid, dir->in.version == 1 ? first : "");
}

/* In how many hierarchies is the process in this cgroup? */
static size_t
count_in(const struct cgroup *cg, pid_t pid)
{
	size_t count = 0;
	size_t length = strlen(cg->name);
	for (size_t i = 0; i < cg->count; i++) {
		auto_free char *path = path_in(&cg->dirs[i], pid);
		size_t size = path ? strlen(path) : 0;
		count += size >= length &&
			 strcmp(path + size - length, cg->name) == 0;
	}
	return count;
}

static void
show_place(const struct pair *pair, const char *who, pid_t pid)
{
	auto_free char *what = text("%s %d is", who, pid);
	tour_show(what, "in a in %zu, in b in %zu of %zu hierarchies",
		  count_in(&pair->a, pid), count_in(&pair->b, pid),
		  pair->b.count);
}

static bool
is_all_in(const struct cgroup *cg, pid_t pid)
{
	return count_in(cg, pid) == cg->count;
}

static int
move_all(const struct cgroup *cg, pid_t pid)
{
	auto_free char *word = text("%d", pid);
	for (size_t i = 0; i < cg->count; i++)
		if (write_text(cg->dirs[i].fd, "cgroup.procs", word) < 0)
			return wrap("move process %d", pid);
	return 0;
}

/* ---- a process, its child and its threads ------------------------------- */

static int
move_one(const struct pair *pair, pid_t pid)
{
	tour_step("A process in a; its pid is written into cgroup.procs of b.");
	auto_free char *before = path_in(&pair->a.dirs[0], pid);
	tour_show("/proc/PID/cgroup", "%s...", before ? before : "?");
	show_place(pair, "process", pid);
	if (hand_echo_pid(pair->b.dirs[0].fd, "b", "cgroup.procs", pid) != 0)
		return failx("move process %d", pid);
	show_place(pair, "process", pid);
	auto_free char *after = path_in(&pair->b.dirs[0], pid);
	tour_show("/proc/PID/cgroup", "%s...", after ? after : "?");
	tour_expect(count_in(&pair->b, pid) == 1 &&
			    count_in(&pair->a, pid) == pair->a.count - 1,
		    "it has moved, in the hierarchy of that file and in no "
		    "other");
	if (move_all(&pair->b, pid) < 0)
		return -1;
	show_place(pair, "process", pid);
	tour_expect(is_all_in(&pair->b, pid), "written in each, it has moved "
		    "in each");
	return 0;
}

static int
fork_one(const struct pair *pair, struct load *parent)
{
	tour_step("It forks, and then goes back to a.");
	if (load_go(parent) < 0 ||
	    sync_expect(parent->sock, SYNC_READY, "the process") < 0)
		return -1;
	pid_t child = hand_other(pair->b.dirs[0].fd, parent->pid);
	show_place(pair, "its child", child);
	tour_expect(is_all_in(&pair->b, child),
		    "the child was born where its parent was");
	if (move_all(&pair->a, parent->pid) < 0)
		return -1;
	show_place(pair, "process", parent->pid);
	show_place(pair, "its child", child);
	tour_expect(is_all_in(&pair->a, parent->pid) &&
			    is_all_in(&pair->b, child),
		    "who moves takes no child along");
	return 0;
}

static void *
stay(void *data)
{
	for (;;)
		pause();
	return data;
}

/* A load: one thread more, until it is told to end. */
static int
have_thread(int sock, uint64_t amount)
{
	pthread_t thread;
	(void)amount;
	if (pthread_create(&thread, NULL, stay, NULL) != 0 ||
	    sync_send(sock, SYNC_READY) < 0)
		return 1;
	return sync_expect(sock, SYNC_GO, "the demo") < 0;
}

/* The thread of `pid` that is not its first. */
static pid_t
find_thread(pid_t pid)
{
	auto_free char *path = text("/proc/%d/task", pid);
	auto_dir DIR *tasks = opendir(path);
	struct dirent *entry;
	while (tasks && (entry = readdir(tasks)))
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != pid)
			return atoi(entry->d_name);
	return 0;
}

static void
move_thread(const struct pair *pair, size_t i, pid_t pid, pid_t thread)
{
	int a = pair->a.dirs[i].fd, b = pair->b.dirs[i].fd;
	if (pair->b.dirs[i].in.version == 1) {
		hand_echo_pid(b, "b", "tasks", thread);
		tour_expect(hand_lists(b, "tasks", thread) &&
				    hand_lists(a, "tasks", pid) &&
				    !hand_lists(b, "tasks", pid),
			    "v1: a thread moves alone; its process is in two "
			    "cgroups now");
		return;
	}
	int code = hand_echo_pid(b, "b", "cgroup.threads", thread);
	tour_expect(code == EOPNOTSUPP, "v2: threads part only below a "
		    "threaded cgroup");
	hand_echo_pid(b, "b", "cgroup.procs", thread);
	tour_expect(hand_lists(b, "cgroup.procs", pid), "v2: and a thread's id "
		    "in cgroup.procs stands for its whole process");
}

/* Call this for one hierarchy of each version. */
static int
each_version(const struct pair *pair,
	     int (*call)(const struct pair *pair, size_t i))
{
	bool seen[3] = { false };
	for (size_t i = 0; i < pair->b.count; i++) {
		int version = pair->b.dirs[i].in.version;
		if (!seen[version] && call(pair, i) < 0)
			return -1;
		seen[version] = true;
	}
	return 0;
}

static int
part_threads(const struct pair *pair, size_t i)
{
	struct load load;
	int status;
	if (load_start(&load, &pair->a, have_thread, 0) < 0 ||
	    load_go(&load) < 0 ||
	    sync_expect(load.sock, SYNC_READY, "the process") < 0)
		return -1;
	move_thread(pair, i, load.pid, find_thread(load.pid));
	return load_go(&load) < 0 ? -1 : load_wait(&load, &status);
}

/* ---- what is refused ---------------------------------------------------- */

static void
show_faults(const struct pair *pair)
{
	int b = pair->b.dirs[0].fd;
	tour_step("What is no process cannot be moved.");
	tour_expect(hand_echo_pid(b, "b", "cgroup.procs", NO_SUCH_PID) == ESRCH,
		    "ESRCH: no process has that number");
	tour_expect(hand_echo(b, "b", "cgroup.procs", "pid") == EINVAL,
		    "EINVAL: a word is no number");
	tour_say("(\"0\" is one: it stands for the process that writes it.)");
}

/* What a load tries as an ordinary user: it inherits this. */
static struct {
	int dir;
	pid_t pid;
} attempt;

static int
try_as_nobody(int sock, uint64_t amount)
{
	(void)sock, (void)amount;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -1;
	return hand_echo_pid(attempt.dir, "b", "cgroup.procs", attempt.pid);
}

/* Somebody in a writes `pid` (0: their own) into b: the errno, or 0. */
static int
let_nobody_write(const struct pair *pair, size_t i, pid_t pid)
{
	struct load load;
	int status = 0;
	attempt.dir = pair->b.dirs[i].fd;
	attempt.pid = pid;
	if (load_start(&load, &pair->a, try_as_nobody, 0) < 0 ||
	    load_go(&load) < 0 || load_wait(&load, &status) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* chown of a cgroup.procs of ours. */
static int
give_away(const struct pair *pair, size_t i, const char *file)
{
	tour_say("chown %d %s/%s", NOBODY, "b", file);
	return fchownat(pair->b.dirs[i].fd, file, NOBODY, NOBODY, 0) < 0 ?
		fail("give %s away", file) : 0;
}

static int
show_rights(const struct pair *pair, size_t i)
{
	int version = pair->b.dirs[i].in.version;
	tour_expect(let_nobody_write(pair, i, 0) == EACCES,
		    "v%d: the files of a cgroup belong to who made it",
		    version);
	if (give_away(pair, i, "cgroup.procs") < 0)
		return -1;
	if (version == 1) {
		tour_expect(let_nobody_write(pair, i, 0) == 0,
			    "v1: who may write the file may move their own");
		tour_expect(let_nobody_write(pair, i, getpid()) == EACCES,
			    "v1: but nobody else's");
		return 0;
	}
	tour_expect(let_nobody_write(pair, i, 0) == EACCES,
		    "v2: it takes the cgroup.procs above both, too");
	if (give_away(pair, i, "../cgroup.procs") < 0)
		return -1;
	tour_expect(let_nobody_write(pair, i, 0) == 0,
		    "v2: so whose subtree it is moves within it, and not in "
		    "or out");
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

static int
play(const struct pair *pair)
{
	struct load load;
	if (load_start(&load, &pair->a, load_fork, 1) < 0 ||
	    move_one(pair, load.pid) < 0 || fork_one(pair, &load) < 0)
		return -1;
	tour_step("A process of two threads; one of them is to move.");
	if (each_version(pair, part_threads) < 0)
		return -1;
	show_faults(pair);
	tour_step("Who may: somebody in a, uid %d, writes 0, and so itself.",
		  NOBODY);
	if (geteuid() != 0) {
		tour_say("Left out here: only root can become somebody else.");
		return 0;
	}
	return each_version(pair, show_rights);
}

static int
run(void)
{
	struct pair pair;
	int result = load_cgroup_or_skip(&pair.a, "a", NULL);
	if (result)
		return result;
	if (load_create_cgroup(&pair.b, "b") < 0)
		return -1;
	return play(&pair);
}

const struct experiment demo_move = {
	.name = "move",
	.shows = "a process moved; its child, its threads, and who may",
	.run = run,
	.tidy = load_remove_cgroups,
};
