/*
 * 06-id-maps.c - root inside, nobody special outside: the handshake.
 *
 *	build/steps/06-id-maps id	no sudo
 *
 * A child in a new user namespace has no ids until somebody outside writes
 * its maps, so it must wait for that.  Both hold one end of a socket pair: one
 * byte says "written", and the end of the file says that the parent died.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
write_proc(pid_t pid, const char *name, const char *content)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, content, strlen(content)) < 0)
		die(path);
	close(fd);
}

int
main(int argc, char **argv)
{
	int ends[2];
	char byte, map[32];
	if (argc < 2)
		return fprintf(stderr, "usage: 06-id-maps COMMAND...\n"), 2;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		die("socketpair");
	/* The bare call: like fork, it returns twice and needs no stack. */
	pid_t pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		die("clone (user namespaces may be switched off here)");
	if (pid == 0) {
		close(ends[0]); /* or we would never see the end of file */
		if (read(ends[1], &byte, 1) != 1)
			return fprintf(stderr, "my parent died\n"), 1;
		printf("child: uid %u, gid %u\n", getuid(), getgid());
		fflush(stdout);
		execvp(argv[1], argv + 1);
		die(argv[1]);
	}
	close(ends[1]);
	if (geteuid() != 0)
		write_proc(pid, "setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", geteuid());
	write_proc(pid, "uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", getegid());
	write_proc(pid, "gid_map", map);
	if (write(ends[0], "x", 1) != 1)
		die("tell the child");

	int status;
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
