/* pasta.c - holder, and the child that stays with it.  See pasta.h. */
#include "pasta.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "places.h"
#include "slirp.h"
#include "sys.h"

#define PROGRAM "pasta"
enum { PATIENCE_MS = 10000, LOOK_MS = 2 };

/* ---- the child that stays with it ---------------------------------------- */

/* The descriptors that it has. */
enum { READY = 3, LEASH, USER, NETWORK, LOG, END };

static void
keep_only(const int wanted[END - READY])
{
	int high[END - READY];
	for (int i = 0; i < END - READY; i++)
		high[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, END);
	for (int i = 0; i < END - READY; i++)
		dup2(high[i], READY + i);
	syscall(SYS_close_range, END, ~0U, 0);
	fcntl(READY, F_SETFD, FD_CLOEXEC);
	fcntl(LEASH, F_SETFD, FD_CLOEXEC);
}

_Noreturn static void
become(const char *pid_file)
{
	auto_free char *user = text("/proc/self/fd/%d", USER);
	auto_free char *net = text("/proc/self/fd/%d", NETWORK);
	const char *argv[] = {
		PROGRAM, "--config-net", "--quiet", "--foreground",
		"--ns-ifname", "tap0", "--mtu", "65520",
		"--address", "10.0.2.100", "--netmask", "24", "--gateway",
		"10.0.2.2", "--dns-forward", SLIRP_NAME_SERVER, "--no-map-gw",
		"--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns",
		"none", "--udp-ns", "none", "--pid", pid_file, "--userns",
		user, "--netns", net, slirp_has_ipv6() ? NULL : "--ipv4-only",
		NULL,
	};
	dup2(LOG, STDOUT_FILENO);
	dup2(LOG, STDERR_FILENO);
	/* We ignore it; that of 2023 takes that for a failure. */
	signal(SIGPIPE, SIG_DFL);
	execvp(PROGRAM, (char *const *)argv);
	_exit(126);
}

/* It writes its number down when the device is there. */
static bool
has_started(pid_t pid, const char *pid_file)
{
	char line[16];
	for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
		if (read_text(AT_FDCWD, pid_file, line, sizeof(line)) > 0)
			return true;
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return false;
		poll(NULL, 0, LOOK_MS);
	}
	kill(pid, SIGKILL);
	return false;
}

_Noreturn static void
keep(const char *pid_file)
{
	prctl(PR_SET_NAME, "mydocker-pasta");
	pid_t pid = fork();
	if (pid == 0)
		become(pid_file);
	auto_close int pidfd = pid < 0 ? -1 : sys_pidfd_open(pid);
	if (pidfd < 0 || !has_started(pid, pid_file) ||
	    write(READY, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	struct pollfd polled[] = { { .fd = LEASH }, { .fd = pidfd,
						      .events = POLLIN } };
	while (poll(polled, countof(polled), -1) < 0 && errno == EINTR)
		;
	kill(pid, SIGKILL); /* ours until it is waited for */
	waitpid(pid, NULL, 0);
	_exit(0);
}

/* ---- its life ------------------------------------------------------------ */

bool
pasta_runs(struct pasta *pasta)
{
	if (pasta->keeper > 0 && waitpid(pasta->keeper, NULL, WNOHANG) == 0)
		return true;
	pasta->keeper = 0;
	pasta_end(pasta);
	return false;
}

static int
say_why(struct pasta *pasta)
{
	auto_free char *path = text("%s/" PASTA_LOG, pasta->place);
	auto_free char *words = read_all(AT_FDCWD, path, NULL);
	failx("the way out by " PROGRAM " is none: %.180s",
	      words && *words ? words : "it does not say why");
	failure.code = ENOENT;
	pasta_end(pasta);
	return -1;
}

static int
start(struct pasta *pasta, const struct spaces *spaces, int log)
{
	auto_free char *pid_file = text("%s/" PASTA_PID, pasta->place);
	int ready[2], leash[2];
	struct pollfd one = { .events = POLLIN };
	unlink(pid_file);
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(leash, O_CLOEXEC) < 0)
		return fail("make a pipe for " PROGRAM);
	pasta->leash = leash[1];
	pasta->keeper = fork();
	if (pasta->keeper == 0) {
		keep_only((int[]){ ready[1], leash[0],
				   spaces->fds[SPACE_USER],
				   spaces->fds[SPACE_NETWORK], log });
		keep(pid_file);
	}
	close(ready[1]);
	close(leash[0]);
	one.fd = ready[0];
	bool is_there = pasta->keeper > 0 &&
			poll(&one, 1, PATIENCE_MS) == 1 &&
			read(ready[0], &pasta->pid, sizeof(pid_t)) ==
				sizeof(pid_t);
	close(ready[0]);
	return is_there ? 0 : say_why(pasta);
}

int
pasta_start(struct pasta *pasta, const struct spaces *spaces,
	    const char *place)
{
	if (pasta_runs(pasta))
		return 0;
	if (!places_has_program(PROGRAM)) {
		failx("the way out of the network of an ordinary user is "
		      "slirp4netns or pasta, and neither is installed (package "
		      "slirp4netns, or passt)");
		failure.code = ENOENT;
		return -1;
	}
	auto_free char *path = text("%s/" PASTA_LOG, place);
	auto_close int log = open(path, O_WRONLY | O_CREAT | O_TRUNC |
					O_CLOEXEC, 0600);
	pasta->place = copy_text(place);
	return start(pasta, spaces, log);
}

void
pasta_end(struct pasta *pasta)
{
	close_scoped(&pasta->leash);
	while (pasta->keeper > 0 && waitpid(pasta->keeper, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	if (pasta->place) {
		auto_free char *log = text("%s/" PASTA_LOG, pasta->place);
		auto_free char *pid = text("%s/" PASTA_PID, pasta->place);
		unlink(log);
		unlink(pid);
	}
	free(pasta->place);
	*pasta = (struct pasta)PASTA_NONE;
}
