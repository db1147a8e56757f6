/*
 * test_init.c - the duties of process 1, without root: each test plays it in a
 * child that is a sub-reaper, in a session of its own.
 */
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "in_child.h"

enum { ORPHANS = 20, SECONDS = 20 };

/* Play `init` in a child; its status is the test's.  What hangs is killed. */
static void
expect_status(int (*init)(void), int expected)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		must(setsid() > 0);
		must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
		alarm(SECONDS); /* blocked later, and passed on */
		_exit(init());
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

/* As process 1 does: `program` in the child, the loop in the parent. */
static int
play(int (*program)(void))
{
	pid_t pid = init_fork();
	must(pid >= 0);
	if (pid == 0) {
		alarm(SECONDS);
		_exit(program());
	}
	return init_run(pid);
}

/* ---- how it ends ------------------------------------------------------- */

static int
exit_3(void)
{
	return 3;
}

static int
die_by_kill(void)
{
	return raise(SIGKILL);
}

static int
exiting(void)
{
	return play(exit_3);
}

static int
killed(void)
{
	return play(die_by_kill);
}

/* The child has long ended when the loop begins, and is a zombie. */
static int
ended_before(void)
{
	siginfo_t info;
	pid_t pid = init_fork();
	if (pid == 0)
		_exit(4);
	must(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
	return init_run(pid);
}

/* SIGCHLD ignored, as it may be since before an exec: no zombies, no status. */
static int
deaf(void)
{
	signal(SIGCHLD, SIG_IGN);
	return play(exit_3);
}

static int
no_child(void)
{
	must(init_run(getppid()) == -1 && failure.code == ECHILD);
	return 0;
}

static void
its_status_is_the_programs(void **state)
{
	(void)state;
	expect_status(exiting, 3);
	expect_status(killed, 128 + SIGKILL);
	expect_status(ended_before, 4);
	expect_status(deaf, 3);
	expect_status(no_child, 0);
}

/* ---- orphans ----------------------------------------------------------- */

/* A process whose parent is gone when it ends.  A zombie can still be sent
 * signal 0; only who was waited for is not there any more. */
static pid_t
lose_one(void)
{
	int born[2], go[2];
	pid_t orphan;
	must(pipe(born) == 0 && pipe(go) == 0);
	pid_t mother = fork();
	if (mother == 0) {
		if (fork() != 0)
			_exit(0);
		close(go[1]);
		orphan = getpid();
		must(write(born[1], &orphan, sizeof(orphan)) > 0);
		_exit(read(go[0], &orphan, 1) != 0);
	}
	must(read(born[0], &orphan, sizeof(orphan)) == sizeof(orphan));
	must(waitpid(mother, NULL, 0) == mother);
	close(born[0]), close(born[1]), close(go[0]), close(go[1]);
	return orphan;
}

static int
lose_many(void)
{
	pid_t orphans[ORPHANS];
	for (int i = 0; i < ORPHANS; i++)
		orphans[i] = lose_one();
	for (int i = 0; i < ORPHANS; i++)
		while (kill(orphans[i], 0) == 0)
			usleep(1000);
	return 0;
}

static int
with_orphans(void)
{
	return play(lose_many);
}

static void
orphans_are_waited_for(void **state)
{
	(void)state;
	expect_status(with_orphans, 0);
}

/* ---- signals ----------------------------------------------------------- */

static int received; /* by the program */

static void
note(int number)
{
	received = number;
}

/* Wait for a signal that is not deadly, and say which came. */
static int
report_signal(void)
{
	sigset_t none;
	sigemptyset(&none);
	while (!received)
		sigsuspend(&none);
	return received;
}

/* The caller's mask and handlers are in force in the child, so a handler set
 * beforehand is the program's.  The signal comes before there is a loop. */
static int
signalled(int number)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, note);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid_t pid = init_fork();
	must(pid >= 0);
	if (pid == 0) {
		alarm(SECONDS);
		_exit(report_signal());
	}
	kill(getpid(), number);
	return init_run(pid);
}

static int
by_sigterm(void)
{
	return signalled(SIGTERM);
}

static int
by_sigtstp(void)
{
	return signalled(SIGTSTP);
}

static int
by_sigabrt(void)
{
	return signalled(SIGABRT);
}

static int
by_real_time(void)
{
	return signalled(SIGRTMAX);
}

/* There before the fork: blocked by the caller, and so in the child. */
static int
before_the_fork(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	signal(SIGUSR1, note);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	return play(report_signal);
}

/* In the program, SIGTERM is as deadly as ever, before an exec, too. */
static int
not_handled(void)
{
	pid_t pid = init_fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(getpid(), SIGTERM);
	return init_run(pid);
}

/* SIGTTIN and SIGTTOU would stop it: then SIGTERM would be of no effect. */
static int
about_the_terminal(void)
{
	pid_t pid = init_fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(getpid(), SIGTTIN);
	kill(getpid(), SIGTTOU);
	kill(getpid(), SIGCHLD);
	kill(getpid(), SIGTERM);
	return init_run(pid);
}

static void
signals_are_passed_on(void **state)
{
	(void)state;
	expect_status(by_sigterm, SIGTERM);
	expect_status(by_sigtstp, SIGTSTP);
	expect_status(by_sigabrt, SIGABRT);
	expect_status(by_real_time, SIGRTMAX);
	expect_status(before_the_fork, SIGUSR1);
	expect_status(not_handled, 128 + SIGTERM);
	expect_status(about_the_terminal, 128 + SIGTERM);
}

/* ---- what the program gets --------------------------------------------- */

static int
look_at_signals(void)
{
	sigset_t mask;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int number = 1; number < SIGRTMIN; number++)
		if (sigismember(&mask, number) != (number == SIGUSR2))
			return number;
	struct sigaction action;
	sigaction(SIGHUP, NULL, &action);
	must(action.sa_handler == SIG_IGN);
	sigaction(SIGCHLD, NULL, &action);
	must(action.sa_handler == SIG_IGN);
	return 0;
}

static int
odd_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	return play(look_at_signals);
}

/* No child is to be had: then the caller is what it was. */
static int
no_fork(void)
{
	become_ordinary(); /* root may have as many as it likes */
	must(setrlimit(RLIMIT_NPROC, &(struct rlimit){ 0, 0 }) == 0);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	must(init_fork() == -1 && failure.code == EAGAIN);
	return look_at_signals();
}

static void
signals_are_the_callers(void **state)
{
	(void)state;
	expect_status(odd_signals, 0);
	expect_status(no_fork, 0);
}

/* ---- the terminal ------------------------------------------------------ */

static int terminal = -1;

static void
take_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	must(terminal >= 0 && ioctl(terminal, TIOCSCTTY, 0) == 0);
	must(tcgetpgrp(terminal) == getpgrp());
}

static int
in_foreground(void)
{
	must(getpgrp() == getpid());
	return tcgetpgrp(terminal) == getpgrp() ? 5 : 6;
}

static int
on_terminal(void)
{
	take_terminal();
	int status = play(in_foreground);
	must(tcgetpgrp(terminal) == getpgrp());
	return status;
}

/* Started by a shell with "&": the terminal is somebody else's. */
static int
in_background(void)
{
	take_terminal();
	pid_t shell = getpgrp(), job = fork();
	if (job == 0) {
		setpgid(0, 0);
		int status = play(in_foreground);
		must(tcgetpgrp(terminal) == shell);
		_exit(status);
	}
	int status;
	must(waitpid(job, &status, 0) == job);
	return WEXITSTATUS(status);
}

static int
no_terminal(void)
{
	return play(in_foreground);
}

static void
the_terminal_is_the_programs(void **state)
{
	(void)state;
	expect_status(on_terminal, 5);
	expect_status(in_background, 6);
	expect_status(no_terminal, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_status_is_the_programs),
		cmocka_unit_test(orphans_are_waited_for),
		cmocka_unit_test(signals_are_passed_on),
		cmocka_unit_test(signals_are_the_callers),
		cmocka_unit_test(the_terminal_is_the_programs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
