/*
 * 05-into-cgroup.c - a child that is in its cgroup before it runs.
 *
 *	sudo build/steps/05-into-cgroup /sys/fs/cgroup			(v2)
 *	sudo build/steps/05-into-cgroup /sys/fs/cgroup/memory		(v1)
 *
 * To fork and then write the child's pid into cgroup.procs is a race: the
 * child may have eaten its memory before it is counted.  On v2 clone3(2) makes
 * it in its place.  v1 knows no such thing; there the child itself, before it
 * does anything else and while it has one thread, writes 0 to `tasks`.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void
enter_v1(int cgroup)
{
	int tasks = openat(cgroup, "tasks", O_WRONLY);
	if (tasks < 0 || write(tasks, "0", 1) < 0)
		die("tasks");
	close(tasks);
}

int
main(int argc, char **argv)
{
	const char *name = "mydocker-step-05";
	if (argc != 2)
		return fprintf(stderr, "usage: %s MOUNT-POINT\n", argv[0]), 2;
	if (chdir(argv[1]) < 0 || (mkdir(name, 0755) < 0 && errno != EEXIST))
		die(argv[1]);
	int cgroup = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int v1 = faccessat(cgroup, "tasks", F_OK, 0) == 0;

	struct clone_args args = {
		.flags = v1 ? 0 : CLONE_INTO_CGROUP,
		.cgroup = v1 ? 0 : cgroup,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && !v1)
		perror("clone3 (CLONE_INTO_CGROUP needs a cgroup2 mount and "
		       "Linux 5.7)");
	if (pid == 0) {
		if (v1)
			enter_v1(cgroup);
		/* Whatever is run from here on is counted and limited. */
		execlp("cat", "cat", "/proc/self/cgroup", NULL);
		die("cat");
	}
	int status = 1;
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (rmdir(name) < 0)
		die(name);
	return status != 0;
}
