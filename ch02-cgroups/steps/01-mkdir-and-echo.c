/*
 * 01-mkdir-and-echo.c - a memory limit by hand: make a directory, write a
 * number into one of its files, write a pid into another.
 *
 *	sudo build/steps/01-mkdir-and-echo /sys/fs/cgroup/memory	(v1)
 *	sudo build/steps/01-mkdir-and-echo /sys/fs/cgroup		(v2)
 *
 * The kernel fills the new directory with files; there is no other interface.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (200 << 20) /* what the child wants; the limit is half of it */

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
put(const char *file, const char *value)
{
	printf("echo %s > %s\n", value, file);
	int fd = open(file, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(file);
	close(fd);
}

static void
eat(void)
{
	put("cgroup.procs", "0"); /* 0: whoever writes it */
	char *memory = malloc(SIZE);
	mlock(memory, SIZE); /* where there is swap: not there */
	for (size_t i = 0; memory && i < SIZE; i += 4096)
		((volatile char *)memory)[i] = 1;
	_exit(0);
}

int
main(int argc, char **argv)
{
	const char *name = "mydocker-step-01";
	setlinebuf(stdout); /* who is killed does not flush */
	if (argc != 2)
		return fprintf(stderr, "usage: %s MOUNT-POINT\n", argv[0]), 2;
	if (chdir(argv[1]) < 0 || (mkdir(name, 0755) < 0 && errno != EEXIST) ||
	    chdir(name) < 0)
		die(argv[1]);
	int v1 = access("memory.limit_in_bytes", F_OK) == 0;
	if (!v1 && access("memory.max", F_OK) < 0) {
		if (chdir("..") == 0)
			rmdir(name);
		return fputs("no memory controller here.  On v2, is memory in "
			     "cgroup.controllers?  Then hand it down:\n"
			     "echo +memory > cgroup.subtree_control\n",
			     stderr), 1;
	}
	put(v1 ? "memory.limit_in_bytes" : "memory.max", "104857600");
	pid_t pid = fork();
	if (pid == 0)
		eat();
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		die("child");
	printf("the child %s\n", WIFSIGNALED(status) ?
		       strsignal(WTERMSIG(status)) : "ended by itself");
	return chdir("..") < 0 || rmdir(name) < 0;
}
