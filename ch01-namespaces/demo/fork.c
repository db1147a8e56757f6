/*
 * fork.c - experiment `fork`: how a process begins, ends and is inherited.
 *
 * All of it works for everybody: the one thing that root is exempt from, a
 * limit on processes, is tried by a child that has given up root.
 */
#include "demo.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "look.h"
#include "nschild.h"
#include "orphan.h"
#include "sys.h"

enum { NOBODY_IN_PARTICULAR = 61234, CHILD_STATUS = 3 };

/* ---- two returns ------------------------------------------------------- */

static _Noreturn void
be_the_child(pid_t parent, int *number)
{
	tour_show("in the child", "fork() returned 0; getpid() = %d", getpid());
	*number = 2;
	tour_show("", "number is at %p: 1, and now %d", (void *)number,
		  *number);
	tour_expect(getppid() == parent, "the child's parent is process %d",
		    parent);
	_exit(CHILD_STATUS);
}

static pid_t
return_twice(void)
{
	tour_step("One call, two returns: parent and child go on from the same "
		  "line.");
	int number = 1;
	pid_t parent = getpid(), pid = sys_fork();
	if (pid < 0)
		return fail("fork");
	if (pid == 0)
		be_the_child(parent, &number);
	/* Until it has ended, without taking note of it. */
	siginfo_t info;
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT) < 0)
		return fail("wait for process %d", pid);
	tour_show("in the parent", "fork() returned %d; getpid() = %d", pid,
		  getpid());
	tour_show("", "number is at %p: %d", (void *)&number, number);
	tour_expect(pid == info.si_pid && number == 1,
		    "the child's memory is a copy, at the same addresses");
	return pid;
}

/* ---- a zombie ---------------------------------------------------------- */

static int
meet_zombie(pid_t pid)
{
	tour_step("The child has ended, and nobody has asked how: a zombie.");
	auto_free char *state = look_status(pid, "State");
	auto_free char *memory = look_status(pid, "VmSize");
	auto_free char *own = look_status(0, "VmSize");
	tour_show("State", "%s", state);
	tour_show("VmSize", "%s (of the parent: %s)", memory, own);
	tour_expect(*state == 'Z' && *memory == '?',
		    "dead, its memory gone, its pid still taken");
	int result = sys_kill(pid, SIGKILL);
	auto_free char *after = look_status(pid, "State");
	tour_show("kill(pid, SIGKILL)", "%d; State: %s", result, after);
	tour_expect(result == 0 && *after == 'Z',
		    "it cannot be killed, for it is dead");

	int status;
	if (waitpid(pid, &status, 0) != pid)
		return fail("wait for process %d", pid);
	tour_show("waitpid()", "exit status %d", WEXITSTATUS(status));
	int code = sys_kill(pid, 0) < 0 ? errno : 0;
	tour_show("kill(pid, 0)", "%s", strerror(code));
	tour_expect(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STATUS &&
			    code == ESRCH,
		    "who waits gets the status, and the zombie is gone");
	return 0;
}

/* ---- the third return -------------------------------------------------- */

/* In a child of its own: what is given up here does not come back. */
static int
fork_in_vain(int sock, void *data)
{
	(void)sock;
	(void)data;
	/* In a user namespace there may be no other id than root's. */
	bool root = geteuid() == 0 && setresuid(NOBODY_IN_PARTICULAR,
						NOBODY_IN_PARTICULAR,
						NOBODY_IN_PARTICULAR) < 0;
	const struct rlimit one = { 1, 1 };
	if (setrlimit(RLIMIT_NPROC, &one) < 0)
		return fail("limit the number of processes");
	pid_t pid = sys_fork();
	int code = errno;
	if (pid == 0)
		_exit(0);
	if (pid > 0 && root) {
		tour_say("Left out: the limit does not hold for root, and "
			 "there is no other id here.");
		return 0;
	}
	tour_show("fork()", "%d: errno %d, %s", pid, code, strerror(code));
	tour_expect(pid < 0 && code == EAGAIN,
		    "uid %u may have one process, and is one: no child",
		    getuid());
	return 0;
}

static int
fail_to_fork(void)
{
	tour_step("The third return: -1, and there is no child.");
	struct ns_child child;
	if (ns_child_create(&child, 0, -1, fork_in_vain, NULL) < 0)
		return -1;
	return ns_child_wait(&child, NULL);
}

static int
run_fork(void)
{
	pid_t pid = return_twice();
	if (pid < 0 || meet_zombie(pid) < 0 || fail_to_fork() < 0)
		return -1;
	tour_step("An orphan is inherited: by process 1, or by an ancestor "
		  "that asked for it.");
	tour_say("This program's guide, process %d, has (prctl(2), "
		 "PR_SET_CHILD_SUBREAPER).", getppid());
	return orphan_make(getppid());
}

const struct experiment demo_fork = {
	.name = "fork",
	.shows = "fork() returns twice, or not; a zombie, and an orphan",
	.run = run_fork,
};
