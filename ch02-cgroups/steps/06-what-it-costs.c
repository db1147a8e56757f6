/*
 * 06-what-it-costs.c - three ways to have a child in a cgroup, timed: its
 * parent writes its pid, it writes 0 itself, or it is born there.
 *
 *	sudo build/steps/06-what-it-costs /sys/fs/cgroup/memory		(v1)
 *	sudo build/steps/06-what-it-costs /sys/fs/cgroup		(v2)
 *
 * Each is the median of nine, from the fork to the child's end, 30 ms apart:
 * the lock that a move takes stays open a while, and the next one is cheap.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAME "mydocker-step-06"
enum way { NO_CGROUP, PARENT_WRITES, CHILD_WRITES, BORN_THERE };
static const char *names[] = { "no cgroup", "the parent writes",
			       "the child writes", "born there" };
static int cgroup, file;

static double
once(enum way way)
{
	struct timespec from, to;
	struct clone_args args = { .exit_signal = SIGCHLD };
	int go[2], status;
	if (way == BORN_THERE)
		args.flags = CLONE_INTO_CGROUP, args.cgroup = cgroup;
	usleep(30000);
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid_t pid = pipe(go) ? -1 : syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) { /* begins when its parent says so */
		close(go[1]);
		_exit(read(go[0], &status, 1) < 0 ||
		      (way == CHILD_WRITES && write(file, "0", 1) < 0));
	}
	if (way == PARENT_WRITES && dprintf(file, "%d", pid) < 0)
		perror("move the child");
	close(go[0]), close(go[1]);
	if (waitpid(pid, &status, 0) < 0 || status)
		perror("a child in the cgroup");
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1e3 +
	       (to.tv_nsec - from.tv_nsec) / 1e6;
}

static int
compare(const void *a, const void *b)
{
	return *(const double *)a > *(const double *)b ? 1 : -1;
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return fprintf(stderr, "usage: %s MOUNT-POINT\n", argv[0]), 2;
	if (chdir(argv[1]) < 0 || mkdir(NAME, 0755) < 0)
		return perror("make " NAME), 1;
	cgroup = open(NAME, O_RDONLY | O_DIRECTORY);
	int v1 = access(NAME "/tasks", F_OK) == 0;
	file = open(v1 ? NAME "/tasks" : NAME "/cgroup.procs", O_WRONLY);
	double ms[9], first = 0;
	for (enum way way = NO_CGROUP; way <= (v1 ? 2 : 3); way++) {
		for (int i = 0; i < 9; i++)
			ms[i] = once(way);
		qsort(ms, 9, sizeof(*ms), compare);
		first = way == NO_CGROUP ? ms[4] : first;
		printf("%-18s %6.2f ms: %.1f times the first\n", names[way],
		       ms[4], ms[4] / first);
	}
	return rmdir(NAME) < 0;
}
