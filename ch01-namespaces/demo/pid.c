/*
 * pid.c - experiment `pid`: one process with two numbers, and a /proc that
 * goes on showing what it was mounted for.
 */
#include "demo.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "nschild.h"
#include "ownproc.h"
#include "sync.h"
#include "sys.h"

/* The pid of ourselves as /proc has it. */
static pid_t
proc_self(void)
{
	char number[16] = "";
	return readlink("/proc/self", number, sizeof(number) - 1) < 0 ?
		       -1 :
		       atoi(number);
}

static void
look_before(pid_t outside)
{
	tour_step("Inside: it is process 1, and /proc is still the host's.");
	int count = look_count_processes();
	tour_show("getpid()", "%d", getpid());
	tour_show("/proc/self leads to", "/proc/%d", proc_self());
	tour_show("processes in /proc", "%d", count);
	tour_expect(getpid() == 1 && proc_self() > 1 && count > 1,
		    "/proc counts as the one counts who mounted it");
	int code = sys_kill(outside, 0) < 0 ? errno : 0;
	tour_show("kill(pid of the parent, 0)", "%s", strerror(code));
	tour_expect(code == ESRCH, "process %d, outside, has no number in here",
		    outside);
}

static int
look_after(void)
{
	tour_step("Inside: a new /proc, mounted from in here.");
	if (own_proc() < 0)
		return -1;
	int count = look_count_processes();
	tour_show("/proc/self leads to", "/proc/%d", proc_self());
	tour_show("processes in /proc", "%d", count);
	tour_expect(proc_self() == 1 && count == 1,
		    "now it counts as we do, and there is nobody else");
	/* Whatever this system's ps says: it is the reader's to look at. */
	return tour_run((const char *const[]){ "ps", "-A", "-o",
					       "pid,ppid,comm", NULL }) < 0 ?
		       -1 :
		       0;
}

static int
inside(int sock, void *data)
{
	const pid_t *parent = data;
	if (sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	look_before(*parent);
	if (look_after() < 0)
		return -1;
	return tour_shell("Try: echo $$; ps -ef; kill -KILL $PPID; "
			  "ls -d /proc/[0-9]*");
}

static int
look_from_outside(const struct ns_child *child)
{
	tour_step("Outside: the child has a number here, too.");
	auto_free char *pids = look_status(child->pid, "NSpid");
	auto_free char *expected = text("%d 1", child->pid);
	tour_show("clone3() returned", "%d", child->pid);
	tour_show("NSpid of the child", "%s", pids);
	tour_expect(strcmp(pids, expected) == 0 &&
			    sys_kill(child->pid, 0) == 0,
		    "one process, two numbers; from here it can be signalled");
	return sync_send(child->sock, SYNC_GO);
}

static int
run_pid(void)
{
	int refused = become_root_or_skip();
	if (refused)
		return refused;
	tour_say("A pid is a number in a pid namespace. A process has one in "
		 "its own and in each above.");
	pid_t parent = getpid();
	struct ns_child child;
	if (ns_child_create(&child, CLONE_NEWPID | CLONE_NEWNS, -1, inside,
			    &parent) < 0)
		return become_refused();
	if (look_from_outside(&child) < 0)
		return ns_child_give_up(&child);
	return ns_child_wait(&child, NULL) < 0 ? become_refused() : 0;
}

const struct experiment demo_pid = {
	.name = "pid",
	.shows = "one process, two pids; ps before and after a new /proc",
	.run = run_pid,
	.has_shell = true,
};
