/*
 * unified.c - experiment `unified`: the one hierarchy of v2, and its rules.
 *
 * All is done below a cgroup of this run's own.  Which controller plays does
 * not matter, as long as it is one that deals with whole processes, and so
 * obeys the rule about inner processes: where v1 holds the others, hugetlb
 * will do.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_stat.h"
#include "hand.h"
#include "load.h"
#include "subtree.h"
#include "sys.h"

#define PARENT "parent"

struct family {
	int parent, a, b;
	const char *controller;
	char *plus, *minus; /* the same as cgroup.subtree_control wants it */
};

/* The last two come only when they are asked for. */
static const char *
choose_controller(const struct cgroup *cg, const char *list)
{
	static const char *const domain[] = { "memory", "io", "hugetlb",
					      "rdma" };
	for (size_t i = 0; i < countof(domain); i++)
		if (hierarchy_list_has(list, domain[i]) ||
		    cgroup_ask_for(cg, domain[i]))
			return domain[i];
	return NULL;
}

static uint64_t
read_event(int dir, const char *key)
{
	uint64_t value = CGROUP_NONE;
	cgroup_read_number(dir, "cgroup.events", key, &value);
	return value;
}

/* Files of `dir` whose names begin with "controller." */
static int
count_files(int dir, const char *controller)
{
	int count = 0;
	size_t length = strlen(controller);
	auto_close int fd = openat(dir, ".", SUBTREE_OPEN);
	auto_dir DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	if (entries)
		take_fd(&fd);
	struct dirent *entry;
	while (entries && (entry = readdir(entries)))
		count += strncmp(entry->d_name, controller, length) == 0 &&
			 entry->d_name[length] == '.';
	return count;
}

/* ---- 1: from the top down ----------------------------------------------- */

static void
show_files(int dir, const char *place, const char *controller)
{
	auto_free char *can = hand_cat(dir, "cgroup.controllers");
	auto_free char *gives = hand_cat(dir, "cgroup.subtree_control");
	tour_show(place, "has [%s], hands down [%s], %d files %s.*", can,
		  gives, count_files(dir, controller), controller);
}

static int
hand_down(const struct family *f)
{
	tour_step("A controller is handed down, one level at a time.");
	show_files(f->parent, PARENT, f->controller);
	show_files(f->a, PARENT "/a", f->controller);
	int before = count_files(f->a, f->controller);
	int code = hand_echo(f->parent, PARENT, "cgroup.subtree_control",
			     f->plus);
	show_files(f->a, PARENT "/a", f->controller);
	tour_expect(code == 0 && count_files(f->a, f->controller) > before,
		    "its files appear in the children when the parent says "
		    "so");
	code = hand_echo(f->a, PARENT "/a", "cgroup.subtree_control", "+cpu");
	tour_expect(code == ENOENT, "ENOENT: nobody hands on what is not in "
		    "its own cgroup.controllers");
	return 0;
}

static int
take_back(const struct family *f)
{
	tour_step("What a child hands further down cannot be taken back.");
	if (hand_echo(f->a, PARENT "/a", "cgroup.subtree_control", f->plus))
		return failx("hand %s down", f->controller);
	int code = hand_echo(f->parent, PARENT, "cgroup.subtree_control",
			     f->minus);
	tour_expect(code == EBUSY, "EBUSY: first the child must let go");
	code = hand_echo(f->a, PARENT "/a", "cgroup.subtree_control",
			 f->minus);
	tour_expect(code == 0, "from the bottom up it goes");
	return 0;
}

/* ---- 2: processes live in leaves ---------------------------------------- */

static int
refuse_inner(const struct family *f, pid_t pid)
{
	tour_step("A cgroup that hands controllers down has no processes.");
	int code = hand_echo_pid(f->parent, PARENT, "cgroup.procs", pid);
	tour_expect(code == EBUSY, "EBUSY: it would compete with its own "
		    "children");
	if (hand_echo_pid(f->a, PARENT "/a", "cgroup.procs", pid) != 0)
		return failx("move a process into " PARENT "/a");
	code = hand_echo(f->a, PARENT "/a", "cgroup.subtree_control", f->plus);
	tour_expect(code == EBUSY, "and one that has processes hands nothing "
		    "down");
	return 0;
}

/* ---- 3: populated, and killed ------------------------------------------- */

static void
show_populated(const struct family *f)
{
	tour_show("populated", PARENT " %d, a %d, b %d",
		  (int)read_event(f->parent, "populated"),
		  (int)read_event(f->a, "populated"),
		  (int)read_event(f->b, "populated"));
}

static int
watch_populated(const struct family *f)
{
	tour_step("cgroup.events says whether anybody lives in it or below.");
	show_populated(f);
	tour_expect(read_event(f->parent, "populated") == 1 &&
			    read_event(f->a, "populated") == 1 &&
			    read_event(f->b, "populated") == 0,
		    "the process in a counts for its parent, not for b");
	return 0;
}

static bool
was_killed(struct load *load)
{
	int status;
	return load_wait(load, &status) == 0 && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

static int
kill_all(const struct family *f, struct load *first)
{
	struct load second;
	tour_step("cgroup.kill: everybody in it and below, at one go.");
	if (faccessat(f->parent, "cgroup.kill", F_OK, 0) < 0) {
		tour_say("Left out here: it needs Linux 5.14.");
		sys_pidfd_send_signal(first->pidfd, SIGKILL);
		return was_killed(first) ? 0 : failx("end the process in a");
	}
	if (load_start(&second, &(struct cgroup){ 0 }, load_spin, 0) < 0)
		return -1;
	if (hand_echo_pid(f->b, PARENT "/b", "cgroup.procs", second.pid) != 0)
		return failx("move a process into " PARENT "/b");
	if (hand_echo(f->parent, PARENT, "cgroup.kill", "1") != 0)
		return failx("kill by cgroup.kill");
	bool a = was_killed(first), b = was_killed(&second);
	show_populated(f);
	tour_expect(a && b && read_event(f->parent, "populated") == 0,
		    "the one in a and the one in b have ended by SIGKILL");
	return 0;
}

/* ---- 4: threads --------------------------------------------------------- */

static int
try_threaded(const struct family *f)
{
	tour_step("A threaded cgroup, whose threads may be in several.");
	if (hand_echo(f->parent, PARENT, "cgroup.subtree_control", f->minus))
		return failx("take %s back", f->controller);
	if (hand_echo(f->a, PARENT "/a", "cgroup.type", "threaded") != 0)
		return failx("make " PARENT "/a threaded");
	auto_free char *parent = hand_cat(f->parent, "cgroup.type");
	auto_free char *a = hand_cat(f->a, "cgroup.type");
	auto_free char *b = hand_cat(f->b, "cgroup.type");
	tour_show("cgroup.type", PARENT " \"%s\", a \"%s\", b \"%s\"",
		  parent, a, b);
	tour_expect(strcmp(parent, "domain threaded") == 0 &&
			    strcmp(a, "threaded") == 0 &&
			    strcmp(b, "domain invalid") == 0,
		    "whole processes live in the parent now, and b can have "
		    "none");
	int code = hand_echo(f->b, PARENT "/b", "cgroup.procs", "0");
	tour_expect(code == EOPNOTSUPP, "EOPNOTSUPP: a container does not "
		    "start beside a threaded cgroup");
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

static int
play(struct family *f)
{
	struct load load;
	f->a = hand_mkdir(f->parent, "a");
	f->b = hand_mkdir(f->parent, "b");
	if (f->a < 0 || f->b < 0 || hand_down(f) < 0 || take_back(f) < 0 ||
	    load_start(&load, &(struct cgroup){ 0 }, load_spin, 0) < 0 ||
	    refuse_inner(f, load.pid) < 0 || watch_populated(f) < 0 ||
	    tour_shell("Try: cd to the cgroup named above; cat cgroup.events "
		       "*/cgroup.procs") < 0 ||
	    kill_all(f, &load) < 0)
		return -1;
	return try_threaded(f);
}

static const struct cgroup_dir *
find_v2(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].in.version == 2)
			return &cg->dirs[i];
	return NULL;
}

static int
run(void)
{
	struct cgroup cg;
	int result = load_cgroup_or_skip(&cg, PARENT, NULL);
	if (result)
		return result;
	const struct cgroup_dir *dir = find_v2(&cg);
	if (!dir)
		return tour_skip("needs a v2 hierarchy in which we may make a "
				 "cgroup; found: only v1");
	tour_show(PARENT, "%s", dir->path);
	struct family f = { .parent = dir->fd };
	f.controller = choose_controller(&cg, dir->in.controllers);
	if (!f.controller)
		return tour_skip("needs memory, io, hugetlb or rdma on v2; "
				 "found: [%s]", dir->in.controllers);
	f.plus = text("+%s", f.controller);
	f.minus = text("-%s", f.controller);
	return play(&f);
}

const struct experiment demo_unified = {
	.name = "unified",
	.shows = "v2: controllers handed down, leaves, events, kill",
	.run = run,
	.tidy = load_remove_cgroups,
	.has_shell = true,
};
