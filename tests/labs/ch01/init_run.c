/* init_run.c WHAT NUMBER - a sub-reaper with a program, and the loop.  WHAT the
 * program does: exit with NUMBER, die of signal NUMBER, lose NUMBER orphans,
 * listen to signals, or hold the terminal.  "late": it is a zombie already. */
#include "init.h"
#include "stop.h"

static int terminal = -1;

static void
do_exit(int number)
{
	_exit(number);
}

static void
do_die(int number)
{
	signal(number, SIG_DFL); /* whoever started us may ignore it */
	raise(number);
}

/* Children whose parent has died: they end, and this says so, when `alive`
 * has no writer left. */
static void
do_lose(int number)
{
	int alive[2], go[2], status;
	char byte;
	must(pipe(alive) == 0 && pipe(go) == 0);
	pid_t mother = fork();
	must(mother >= 0);
	if (mother == 0) {
		close(go[1]);
		while (number-- > 0)
			if (fork() == 0)
				_exit(read(go[0], &byte, 1) != 0);
		_exit(0);
	}
	must(waitpid(mother, &status, 0) == mother);
	close(alive[1]);
	stop("born", "pid=%d", getpid());
	close(go[1]);
	must(read(alive[0], &byte, 1) == 0);
	stop("orphaned", "pid=%d", getpid());
}

static void
do_listen(int number)
{
	sigset_t all;
	sigfillset(&all);
	must(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	stop("listening", "pid=%d", getpid());
	while (number-- > 0) {
		const struct timespec patience = { .tv_sec = 3 };
		int heard = sigtimedwait(&all, NULL, &patience);
		stop("heard", "signal=%d", heard > 0 ? heard : 0);
	}
}

static void
do_hold(int number)
{
	signal(SIGTTOU, SIG_IGN); /* or it stops us: we are in the background */
	must(setpgid(0, 0) == 0 && tcsetpgrp(terminal, getpid()) == 0);
	_exit(number);
}

static const struct {
	const char *name;
	void (*work)(int number);
} programs[] = {
	{ "exit", do_exit },	 { "late", do_exit }, { "die", do_die },
	{ "lose", do_lose },	 { "listen", do_listen },
	{ "hold", do_hold },
};

static void
run_program(const char *what, int number)
{
	for (size_t i = 0; i < countof(programs); i++)
		if (strcmp(programs[i].name, what) == 0)
			programs[i].work(number);
	_exit(0);
}

int
main(int argc, char **argv)
{
	must(argc == 3);
	terminal = take_terminal();
	must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	sigset_t all, mask;
	sigfillset(&all);
	must(sigprocmask(SIG_BLOCK, &all, &mask) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &mask, NULL);
		run_program(argv[1], atoi(argv[2]));
	}
	siginfo_t info;
	if (strcmp(argv[1], "late") == 0)
		must(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
	forget_failure();
	int result = init_run(pid);
	stop("ended", "pid=%d foreground=%d %s", getpid(),
	     tcgetpgrp(terminal) == getpgrp(), RESULT(result));
	return 0;
}
