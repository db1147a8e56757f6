/*
 * 04-setns.c - a command in a namespace that is there: setns FILE COMMAND.
 *
 *	sudo build/steps/04-setns /proc/4711/ns/uts hostname
 *	sudo build/steps/04-setns /proc/4711/ns/net \
 *	     build/steps/04-setns /proc/4711/ns/mnt sh
 *
 * Like env and nice it changes one thing and becomes the command, so several
 * namespaces are joined by several of it.  Mount comes last: with it the names
 * of files, that of this program too, mean those of another tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* The command is to be in the pid namespace, and only a child can be. */
static void
go_on_in_a_child(void)
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		die("fork (is process 1 of that namespace dead?)");
	if (pid == 0)
		return;
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) :
				 128 + WTERMSIG(status));
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return fprintf(stderr, "usage: 04-setns FILE COMMAND...\n"), 2;
	int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(argv[1]);
	/* 0: whatever kind it is.  A file of another sort is EINVAL. */
	if (setns(fd, 0) < 0)
		die("setns");
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWPID)
		go_on_in_a_child();
	execvp(argv[2], argv + 2);
	int status = errno == ENOENT ? 127 : 126;
	perror(argv[2]);
	return status;
}
