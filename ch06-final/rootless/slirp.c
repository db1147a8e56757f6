/* slirp.c - holder.  See slirp.h, and slirp4netns(1). */
#include "slirp.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "places.h"

#define PROGRAM "slirp4netns"
#define ANYWHERE6 "00000000000000000000000000000000 00 "
enum { PATIENCE_MS = 10000 };

bool
slirp_has_ipv6(void)
{
	auto_free char *table = read_all(AT_FDCWD, "/proc/net/ipv6_route",
					 NULL);
	bool found = false;
	char *rest = table, *line;
	while (table && !found && (line = strsep(&rest, "\n"))) {
		size_t length = strlen(line);
		found = strncmp(line, ANYWHERE6, strlen(ANYWHERE6)) == 0 &&
			strcmp(line + length - 3, " lo") != 0;
	}
	return found;
}

/* ---- its life ----------------------------------------------------------- */

static int
keep_in_child(int fd)
{
	return fcntl(fd, F_SETFD, 0);
}

_Noreturn static void
become(const struct spaces *spaces, int ready, int leash, int log)
{
	auto_free char *ready_fd = text("--ready-fd=%d", ready);
	auto_free char *exit_fd = text("--exit-fd=%d", leash);
	auto_free char *user = text("--userns-path=/proc/self/fd/%d",
				    spaces->fds[SPACE_USER]);
	auto_free char *net = text("/proc/self/fd/%d",
				   spaces->fds[SPACE_NETWORK]);
	const char *argv[] = {
		PROGRAM, "--configure", "--mtu=65520",
		"--disable-host-loopback", "--enable-seccomp", ready_fd,
		exit_fd, user, "--netns-type=path", net, "tap0",
		slirp_has_ipv6() ? "--enable-ipv6" : NULL, NULL,
	};
	keep_in_child(ready);
	keep_in_child(leash);
	keep_in_child(spaces->fds[SPACE_USER]);
	keep_in_child(spaces->fds[SPACE_NETWORK]);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvp(PROGRAM, (char *const *)argv);
	_exit(errno == ENOENT ? 127 : 126);
}

static int
say_why(struct slirp *slirp, const char *place)
{
	slirp_end(slirp);
	auto_free char *log = text("%s/" SLIRP_LOG, place);
	auto_free char *words = read_all(AT_FDCWD, log, NULL);
	return failx(PROGRAM " does not start: %.180s",
		     words && *words ? words : "it does not say why");
}

/* It says "1" when the device is there. */
static int
wait_for_it(struct slirp *slirp, int ready, const char *place)
{
	struct pollfd one = { .fd = ready, .events = POLLIN };
	char word;
	if (poll(&one, 1, PATIENCE_MS) == 1 && read(ready, &word, 1) == 1)
		return 0;
	return say_why(slirp, place);
}

static bool
runs(struct slirp *slirp)
{
	if (slirp->pid > 0 && waitpid(slirp->pid, NULL, WNOHANG) == 0)
		return true;
	slirp->pid = 0;
	slirp_end(slirp);
	return false;
}

static int
not_installed(void)
{
	failx("the way out of the network of an ordinary user is " PROGRAM
	      ", and it is not installed (package " PROGRAM ")");
	failure.code = ENOENT;
	return -1;
}

int
slirp_start(struct slirp *slirp, const struct spaces *spaces,
	    const char *place)
{
	int ready[2], leash[2];
	if (runs(slirp))
		return 0;
	if (!places_has_program(PROGRAM))
		return not_installed();
	auto_free char *path = text("%s/" SLIRP_LOG, place);
	auto_close int log = open(path, O_WRONLY | O_CREAT | O_TRUNC |
					O_CLOEXEC, 0600);
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(leash, O_CLOEXEC) < 0)
		return fail("make a pipe for " PROGRAM);
	slirp->leash = leash[1];
	slirp->pid = fork();
	if (slirp->pid == 0)
		become(spaces, ready[1], leash[0], log);
	close(ready[1]);
	close(leash[0]);
	int result = slirp->pid < 0 ? fail("start " PROGRAM) :
				      wait_for_it(slirp, ready[0], place);
	close(ready[0]);
	return result;
}

void
slirp_end(struct slirp *slirp)
{
	close_scoped(&slirp->leash);
	if (slirp->pid > 0) {
		kill(slirp->pid, SIGTERM);
		while (waitpid(slirp->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	slirp->pid = 0;
}
