/*
 * 03-set-apply-remove.c - one subsystem, three functions: set a limit, apply
 * it to a process, remove the cgroup.
 *
 *	sudo build/steps/03-set-apply-remove /sys/fs/cgroup/pids 2 sh	(v1)
 *	sudo build/steps/03-set-apply-remove /sys/fs/cgroup 2 sh	(v2)
 *
 * pids has the same file in both versions, so there is nothing to tell apart.
 * The command is run where there may be so many processes and no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "mydocker-step-03"

static int
put(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		fprintf(stderr, "echo %s > %s: %s\n", value, file,
			strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

static int
set(const char *limit)
{
	if (mkdir(NAME, 0755) < 0 && errno != EEXIST)
		perror("make " NAME), exit(1);
	return put(NAME "/pids.max", limit);
}

static int
apply(void)
{
	return put(NAME "/cgroup.procs", "0"); /* whoever writes it */
}

static int
remove_it(void)
{
	return rmdir(NAME) < 0 ? perror(NAME), -1 : 0;
}

int
main(int argc, char **argv)
{
	int status = 1 << 8;
	if (argc < 4 || chdir(argv[1]) < 0)
		return fprintf(stderr, "usage: %s MOUNT-POINT LIMIT COMMAND "
			       "[ARGUMENT...]\n", argv[0]), 2;
	pid_t pid = set(argv[2]) == 0 ? fork() : -1;
	if (pid == 0 && apply() == 0) {
		execvp(argv[3], argv + 3);
		perror(argv[3]);
	}
	if (pid == 0)
		_exit(127);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (remove_it() < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
