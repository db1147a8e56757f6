/*
 * 01-fork.c - fork returns twice; and a zombie, until somebody waits.
 *
 *	build/steps/01-fork
 *	prlimit --nproc=1 build/steps/01-fork	the third return (not as root)
 *
 * On a terminal it stops while there is a zombie to be looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the kernel says of a process: the line that begins with `word`. */
static void
print_line(pid_t pid, const char *word)
{
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *status = fopen(path, "r");
	if (!status) {
		printf("parent: there is no process %d\n", pid);
		return;
	}
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, word, strlen(word)) == 0)
			printf("parent: of process %d: %s", pid, line);
	fclose(status);
}

int
main(void)
{
	pid_t pid = fork();
	if (pid < 0) {
		perror("fork");
		return 1;
	}
	if (pid == 0) {
		printf("child: fork returned 0; I am %d, child of %d\n",
		       getpid(), getppid());
		return 3;
	}

	/* Wait until it has ended, but take no note of it (WNOWAIT). */
	siginfo_t info;
	int status;
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT) < 0) {
		perror("waitid");
		return 1;
	}
	printf("parent: fork returned %d; I am %d\n", pid, getpid());
	print_line(pid, "State:");
	if (isatty(STDIN_FILENO)) {
		printf("look: ps -o pid,ppid,stat,comm -p %d; then Enter\n",
		       pid);
		getchar();
	}

	if (waitpid(pid, &status, 0) < 0) {
		perror("waitpid");
		return 1;
	}
	printf("parent: it ended with exit status %d\n", WEXITSTATUS(status));
	print_line(pid, "State:");
	return 0;
}
