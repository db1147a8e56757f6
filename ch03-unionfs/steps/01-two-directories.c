/*
 * Two directories shown as one, by a single mount(2).
 *
 *	sudo ./01-two-directories LOWER UPPER WORK TARGET
 *
 * TARGET shows what is in LOWER and in UPPER; what is written goes to UPPER.
 * WORK is an empty directory beside UPPER, on the same file system.  A shell
 * runs there; when it ends, so does the mount.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
	fprintf(stderr, "01-two-directories: %s: %s\n", what,
		strerror(errno));
	exit(1);
}

int
main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: %s LOWER UPPER WORK TARGET\n",
			argv[0]);
		return 2;
	}

	/* A mount table of our own, from which nothing spreads: the mount
	 * will be gone when this program and its shell are. */
	if (unshare(CLONE_NEWNS) < 0)
		die("unshare (are you root?)");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("make the mounts private");

	char *options;
	if (asprintf(&options, "lowerdir=%s,upperdir=%s,workdir=%s", argv[1],
		     argv[2], argv[3]) < 0)
		die("out of memory");
	if (mount("overlay", argv[4], "overlay", 0, options) < 0)
		die(options);
	free(options);

	if (chdir(argv[4]) < 0)
		die(argv[4]);
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		execl("/bin/sh", "sh", NULL);
		die("/bin/sh");
	}
	int status;
	if (waitpid(pid, &status, 0) < 0)
		die("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}
