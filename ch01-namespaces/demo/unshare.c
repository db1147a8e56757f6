/*
 * unshare.c - experiment `unshare`: the caller itself moves, with two
 * exceptions.
 *
 * A process with threads cannot leave its user namespace, and nobody leaves
 * their pid namespace: there the next child goes instead.  That comes last,
 * since the stage can fork no more when that child is dead.
 */
#include "demo.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "nschild.h"
#include "sync.h"
#include "sys.h"

/* A child that is there to be looked at. */
static int
stay(int sock, void *data)
{
	(void)data;
	if (sync_send(sock, SYNC_READY) < 0)
		return -1;
	return sync_expect(sock, SYNC_GO, "the parent");
}

static int
dismiss(struct ns_child *child)
{
	if (sync_send(child->sock, SYNC_GO) < 0)
		return ns_child_give_up(child);
	return ns_child_wait(child, NULL);
}

/* ---- who moves --------------------------------------------------------- */

static int
clone_moves_a_child(const char *before)
{
	struct ns_child child;
	tour_step("clone(2) with CLONE_NEWUTS: a child is born elsewhere.");
	if (ns_child_create(&child, CLONE_NEWUTS, -1, stay, NULL) < 0)
		return become_refused();
	auto_free char *ours = look_link(0, "uts");
	auto_free char *theirs = look_link(child.pid, "uts");
	tour_show("we (pid, namespace)", "%d, %s", getpid(), ours);
	tour_show("the child", "%d, %s", child.pid, theirs);
	tour_expect(strcmp(ours, before) == 0 && strcmp(theirs, before) != 0,
		    "the caller has stayed where it was");
	return dismiss(&child);
}

static int
unshare_moves_us(const char *before)
{
	pid_t pid = getpid();
	tour_step("unshare(2) with CLONE_NEWUTS: the caller itself moves.");
	if (sys_unshare(CLONE_NEWUTS) < 0) {
		fail("make a UTS namespace");
		return become_refused();
	}
	auto_free char *ours = look_link(0, "uts");
	tour_show("before", "%d, %s", pid, before);
	tour_show("after", "%d, %s", getpid(), ours);
	tour_expect(strcmp(ours, before) != 0 && getpid() == pid,
		    "another namespace, and the same process");
	return 0;
}

/* ---- threads ----------------------------------------------------------- */

static void *
stay_for_ever(void *data)
{
	for (;;)
		pause();
	return data;
}

/* The namespace of our other thread: it has files of its own. */
static char *
link_of_the_other_thread(void)
{
	char link[64];
	auto_dir DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	while (tasks && (task = readdir(tasks))) {
		int tid = atoi(task->d_name);
		if (tid <= 0 || tid == getpid())
			continue;
		auto_free char *path = text("%d/ns/uts", tid);
		ssize_t length = readlinkat(dirfd(tasks), path, link,
					    sizeof(link));
		if (length > 0)
			return text("%.*s", (int)length, link);
	}
	return copy_text("?");
}

static int
in_a_process_with_threads(int sock, void *data)
{
	(void)sock;
	(void)data;
	pthread_t thread;
	tour_step("The same in a process with two threads.");
	if (pthread_create(&thread, NULL, stay_for_ever, NULL) != 0)
		return failx("start a thread");
	int refused = sys_unshare(CLONE_NEWUSER), code = errno;
	tour_show("unshare(CLONE_NEWUSER)", "%s",
		  refused ? strerror(code) : "done");
	tour_expect(refused < 0 && code == EINVAL,
		    "EINVAL: a process is in one user namespace as a whole");
	if (sys_unshare(CLONE_NEWUTS) < 0)
		return fail("make a UTS namespace");
	auto_free char *ours = look_link(0, "uts");
	auto_free char *theirs = link_of_the_other_thread();
	tour_show("unshare(CLONE_NEWUTS)", "done");
	tour_show("this thread, the other", "%s, %s", ours, theirs);
	tour_expect(strcmp(ours, theirs) != 0,
		    "of the other kinds each thread has its own: one moved");
	return 0;
}

static int
threads_are_in_the_way(void)
{
	struct ns_child child;
	if (ns_child_create(&child, 0, -1, in_a_process_with_threads, NULL) <
	    0)
		return -1;
	return ns_child_wait(&child, NULL);
}

/* ---- the pid namespace ------------------------------------------------- */

static char *
link_for_children(void)
{
	char link[64];
	ssize_t length = readlink("/proc/self/ns/pid_for_children", link,
				  sizeof(link));
	return length < 0 ? text("nothing yet (%s)", strerror(errno)) :
			    text("%.*s", (int)length, link);
}

static int
first_child(int sock, void *data)
{
	tour_show("getpid() in the first child", "%d", getpid());
	tour_expect(getpid() == 1, "it is process 1");
	return stay(sock, data);
}

static int
second_child(int sock, void *data)
{
	(void)sock;
	(void)data;
	tour_show("getpid() in the second", "%d", getpid());
	tour_expect(getpid() == 2, "it is process 2 of the same namespace");
	return 0;
}

static int
look_at_first(const struct ns_child *first)
{
	auto_free char *link = look_link(first->pid, "pid");
	auto_free char *pids = look_status(first->pid, "NSpid");
	auto_free char *children = link_for_children();
	tour_show("NSpid of it, seen from here", "%s", pids);
	tour_show("ns/pid_for_children", "%s", children);
	tour_expect(strcmp(children, link) == 0,
		    "our children's pid namespace is the one it is in");
	struct ns_child second;
	if (ns_child_create(&second, 0, -1, second_child, NULL) < 0)
		return -1;
	return ns_child_wait(&second, NULL);
}

static int
children_go_instead(void)
{
	tour_step("And now two children are born.");
	struct ns_child first, third;
	if (ns_child_create(&first, 0, -1, first_child, NULL) < 0)
		return -1;
	if (sync_expect(first.sock, SYNC_READY, "the first child") < 0 ||
	    look_at_first(&first) < 0)
		return ns_child_give_up(&first);
	if (dismiss(&first) < 0)
		return -1;

	tour_step("Process 1 of it has ended. One more child?");
	int born = ns_child_create(&third, 0, -1, second_child, NULL);
	tour_show("clone3()", "%s", born ? strerror(failure.code) : "a child");
	tour_expect(born < 0 && failure.code == ENOMEM,
		    "ENOMEM, but there is memory: the namespace is dead");
	if (born == 0)
		ns_child_end(&third);
	return 0;
}

static int
pid_needs_a_fork(void)
{
	pid_t pid = getpid();
	auto_free char *before = look_link(0, "pid");
	auto_free char *children_before = link_for_children();
	tour_step("unshare(2) with CLONE_NEWPID: the caller does not move.");
	if (sys_unshare(CLONE_NEWPID) < 0) {
		fail("make a pid namespace");
		return become_refused();
	}
	auto_free char *after = look_link(0, "pid");
	auto_free char *children = link_for_children();
	tour_show("ns/pid", "%s, after: %s", before, after);
	tour_show("ns/pid_for_children", "%s, after: %s", children_before,
		  children);
	tour_expect(getpid() == pid && strcmp(before, after) == 0,
		    "a pid is a name that others hold, so it does not change");
	tour_expect(strcmp(children_before, before) == 0 &&
		    strcmp(children, before) != 0,
		    "what has changed is where children will be born");
	return children_go_instead();
}

static int
run_unshare(void)
{
	int result = become_root_or_skip();
	if (result)
		return result;
	auto_free char *before = look_link(0, "uts");
	result = clone_moves_a_child(before);
	if (result == 0)
		result = unshare_moves_us(before);
	if (result == 0)
		result = threads_are_in_the_way();
	if (result == 0)
		result = pid_needs_a_fork();
	return result;
}

const struct experiment demo_unshare = {
	.name = "unshare",
	.shows = "who moves: the caller; and why CLONE_NEWPID needs a fork",
	.run = run_unshare,
};
