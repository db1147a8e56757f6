/* orphans.c - monitor.  See orphans.h. */
#include "orphans.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Long enough for any that can die, and not for ever. */
enum { ROUNDS = 1000, ROUND_MS = 1 };

/* What is started beside the container, its name server and its file system,
 * is where we are. */
static bool
is_of_container(pid_t pid)
{
	auto_free char *path = text("/proc/%d/ns/mnt", pid);
	struct stat own, its;
	return stat("/proc/self/ns/mnt", &own) == 0 &&
	       stat(path, &its) == 0 && its.st_ino != own.st_ino;
}

/* The first, or 0. */
static pid_t
find_orphan(void)
{
	auto_free char *path = text("/proc/self/task/%d/children", getpid());
	auto_free char *list = read_all(AT_FDCWD, path, NULL);
	char *rest = list;
	for (pid_t pid; rest && (pid = strtol(rest, &rest, 10)) > 0;)
		if (is_of_container(pid))
			return pid;
	return 0;
}

void
orphans_end(void)
{
	struct failure unrelated = failure;
	pid_t pid;
	/* With each that is dead those whom it leaves behind are ours. */
	for (int i = 0; i < ROUNDS && (pid = find_orphan()) > 0; i++) {
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, WNOHANG) == 0)
			poll(NULL, 0, ROUND_MS);
	}
	failure = unrelated;
}
