/*
 * 02-clone.c - a shell in a few namespaces of its own, by clone(2).
 *
 *	sudo build/steps/02-clone
 *	inside$ echo $$			1
 *	inside$ hostname inside		and the host keeps its name
 *	inside$ ps			still shows the host: why?
 *
 * clone is fork with a choice: the flags say what the child does not share
 * with its parent, and the child begins in a function, on a stack we bring.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (1024 * 1024)
static char stack[STACK_SIZE] __attribute__((aligned(16)));

static int
child(void *arg)
{
	(void)arg;
	printf("child: I am process %d in here\n", getpid());
	fflush(stdout);
	execl("/bin/sh", "sh", (char *)NULL);
	perror("exec /bin/sh");
	return 127;
}

int
main(void)
{
	/* The stack grows downwards: clone wants its upper end. */
	pid_t pid = clone(child, stack + STACK_SIZE,
			  CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | SIGCHLD,
			  NULL);
	if (pid < 0) {
		perror("clone (new namespaces need root: try sudo)");
		return 1;
	}
	printf("parent: the child is process %d out here\n", pid);
	fflush(stdout);

	int status;
	if (waitpid(pid, &status, 0) < 0) {
		perror("waitpid");
		return 1;
	}
	printf("parent: it has ended\n");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
