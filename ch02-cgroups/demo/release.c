/*
 * release.c - experiment `release`: the last process has left a cgroup.  How
 * does one come to know?
 *
 * v1 runs a program, the release_agent of the hierarchy: here of a hierarchy
 * of this run's own.  The kernel starts it outside, in the first namespaces,
 * where the stage's mounts are not to be seen; /proc/STAGE/cwd leads there all
 * the same.  So the agent, and the file in which it tells what it has done,
 * are on the stage's tmpfs and end with it; and an agent that comes too late
 * finds no such path, and ends.  In a pid namespace below the first our pid is
 * somebody else's to the kernel, who would run an agent that is not ours.
 *
 * v2 runs nothing: cgroup.events changes, and whoever waits is woken.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "hand.h"
#include "load.h"
#include "named.h"
#include "runid.h"
#include "subtree.h"
#include "sys.h"

#define TREE "cgroup-test"
#define TOLD "told"
#define AGENT_MS 10000 /* a machine that is busy, or emulated */
#define EVENT_MS 5000
enum { LEFT_OUT = 1 };

/* Kill a load, and wait for its end. */
static int
end_load(struct load *load)
{
	int status;
	if (sys_pidfd_send_signal(load->pidfd, SIGKILL) < 0)
		return fail("kill process %d", load->pid);
	return load_wait(load, &status);
}

/* This machine has not got it; `failure` says what was found. */
static int
leave_out(const char *needs)
{
	tour_say("Left out here: it needs %s; found: %s", needs, failure.text);
	return LEFT_OUT;
}

/* ---- v1: a program is run ----------------------------------------------- */

static int
write_agent(void)
{
	auto_free char *script = text(
		"#!/bin/sh\n"
		"cd /proc/%d/cwd || exit\n"
		"rmdir " TREE "\"$1\"\n"
		"echo \"$1\" $(id -u) $(readlink /proc/self/ns/mnt) >told.new\n"
		"mv told.new " TOLD "\n", getpid());
	return write_file(AT_FDCWD, "agent", script, 0755);
}

/* Set up the hierarchy: an agent, and two cgroups of which one wants it. */
static int
prepare(int root)
{
	auto_free char *path = text("/proc/%d/cwd/agent", getpid());
	if (write_agent() < 0)
		return -1;
	auto_close int one = hand_mkdir(root, "cgroup-1");
	auto_close int two = hand_mkdir(root, "cgroup-2");
	if (one < 0 || two < 0)
		return -1;
	if (hand_echo(root, TREE, "release_agent", path) != 0 ||
	    hand_echo(one, "cgroup-1", "notify_on_release", "1") != 0)
		return failx("set the release_agent: %s", failure.text);
	auto_free char *other = hand_cat(two, "notify_on_release");
	tour_show("cgroup-2/notify_on_release", "%s", other);
	return 0;
}

/* A process goes into the cgroup and ends there. */
static int
visit(int root, const char *name)
{
	struct load load;
	auto_close int dir = openat(root, name, SUBTREE_OPEN);
	if (dir < 0 ||
	    load_start(&load, &(struct cgroup){ 0 }, load_spin, 0) < 0)
		return -1;
	if (hand_echo_pid(dir, name, "cgroup.procs", load.pid) != 0)
		return failx("move a process into %s", name);
	return end_load(&load);
}

/* What the agent has told; NULL: it has not come in time. */
static char *
wait_for_agent(int watch)
{
	struct pollfd wait = { .fd = watch, .events = POLLIN };
	if (access(TOLD, F_OK) < 0)
		poll(&wait, 1, AGENT_MS);
	return read_all(AT_FDCWD, TOLD, NULL);
}

static int
show_agent(char *told)
{
	char *rest = told;
	const char *cgroup = strtok_r(rest, " ", &rest);
	const char *uid = strtok_r(rest, " ", &rest);
	const char *mounts = strtok_r(rest, "\n", &rest);
	char link[64] = "";
	if (readlink("/proc/self/ns/mnt", link, sizeof(link) - 1) < 0)
		return fail("read /proc/self/ns/mnt");
	tour_show("the agent's argument", "%s", cgroup ? cgroup : "none");
	tour_show("it was run as", "uid %s, in %s; we are in %s",
		  uid ? uid : "?", mounts ? mounts : "?", link);
	tour_expect(cgroup && strcmp(cgroup, "/cgroup-1") == 0,
		    "the kernel ran it, with the cgroup as its argument");
	tour_expect(uid && strcmp(uid, "0") == 0 && mounts &&
			    strcmp(mounts, link) != 0,
		    "as root, and outside of our namespaces");
	tour_expect(access(TREE "/cgroup-1", F_OK) < 0 &&
			    access(TREE "/cgroup-2", F_OK) == 0,
		    "it has removed cgroup-1; cgroup-2, as empty, is still "
		    "there");
	return 0;
}

static int
be_told_by_agent(void)
{
	tour_step("v1: a hierarchy of our own, with a release_agent.");
	if (!runid_is_outermost()) {
		failx("another one, where /proc/%d is somebody else", getpid());
		return leave_out("the first pid namespace, in which the agent "
				 "is run as root");
	}
	if (named_create(TREE) < 0)
		return named_is_refused() ? leave_out(NAMED_NEEDS) : -1;
	auto_close int root = open(TREE, SUBTREE_OPEN);
	if (root < 0 || prepare(root) < 0)
		return -1;
	auto_close int watch = inotify_init1(IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, ".", IN_MOVED_TO) < 0)
		return fail("watch the scratch directory");
	tour_step("In each of the two a process comes, and goes.");
	if (visit(root, "cgroup-2") < 0 || visit(root, "cgroup-1") < 0)
		return -1;
	auto_free char *told = wait_for_agent(watch);
	if (told)
		return show_agent(told);
	failx("none that was run could find us (has it "
	      "CONFIG_STATIC_USERMODEHELPER?)");
	return leave_out("a kernel that runs the agent");
}

/* ---- v2: whoever waits is woken ----------------------------------------- */

/* What the open file says now; from then on poll(2) waits for a change. */
static bool
is_populated(int events)
{
	char lines[256];
	ssize_t length = pread(events, lines, sizeof(lines) - 1, 0);
	lines[length > 0 ? length : 0] = '\0';
	return strstr(lines, "populated 1") != NULL;
}

static bool
is_woken(int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };
	return poll(&wait, 1, EVENT_MS) == 1 && wait.revents & events;
}

static int
watch_events(const struct cgroup *cg, int events, int watch)
{
	struct load load;
	bool before = is_populated(events);
	if (load_start(&load, cg, load_spin, 0) < 0)
		return -1;
	bool woken = is_woken(events, POLLPRI);
	bool during = is_populated(events);
	if (end_load(&load) < 0)
		return -1;
	woken &= is_woken(events, POLLPRI);
	bool after = is_populated(events);
	tour_show("populated", "%d; with a process in it %d; afterwards %d",
		  before, during, after);
	tour_expect(!before && during && !after,
		    "the file says whether anybody is in it");
	tour_expect(woken && is_woken(watch, POLLIN),
		    "poll(2) and inotify(7) woke us each time; no program was "
		    "run");
	return 0;
}

static int
be_woken(void)
{
	tour_step("v2: cgroup.events, watched by us.");
	struct cgroup cg;
	if (load_create_cgroup(&cg, "watched") < 0)
		return failure.code == EACCES ?
			       leave_out("root, or a delegated v2") :
			       -1;
	auto_close int events = openat(cgroup_v2_fd(&cg), "cgroup.events",
				       O_RDONLY | O_CLOEXEC);
	if (events < 0) {
		failx("only v1");
		return leave_out("a v2 hierarchy");
	}
	auto_free char *path = text("/proc/self/fd/%d", events);
	auto_close int watch = inotify_init1(IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) < 0)
		return fail("watch cgroup.events");
	return watch_events(&cg, events, watch);
}

static int
run(void)
{
	int v1 = be_told_by_agent();
	int v2 = v1 < 0 ? -1 : be_woken();
	if (v1 == LEFT_OUT && v2 == LEFT_OUT)
		return tour_skip("needs one of the two");
	return v2 < 0 ? -1 : 0;
}

static void
tidy(void)
{
	named_remove_all();
	load_remove_cgroups();
}

const struct experiment demo_release = {
	.name = "release",
	.shows = "the last one has left: v1 runs a program, v2 wakes who waits",
	.run = run,
	.tidy = tidy,
};
