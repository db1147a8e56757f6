/*
 * stop.h - how the small programs of a lab's checks speak to the grader.
 *
 * A driver calls the reader's function, says what came of it, and stands still
 * while the grader looks at it from outside, in /proc:
 *
 *	stop("mapped", "child=%d %s", pid, result_words(result));
 *
 * Descriptor 0 is a socket to the grader, one message a stop; standard output
 * and error go to the log.  When the grader is gone, so is the driver.
 */
#ifndef STOP_H
#define STOP_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"

/* Set-up of the driver's own that fails: no fault of the reader's. */
#define must(condition)                                                       \
	do {                                                                  \
		if (!(condition)) {                                           \
			fprintf(stderr, "%s:%d: %s does not hold: %s\n",      \
				__FILE__, __LINE__, #condition,               \
				strerror(errno));                             \
			_exit(99);                                            \
		}                                                             \
	} while (0)

static inline void printf_like(2, 3)
stop(const char *where, const char *fmt, ...)
{
	char line[600], answer;
	size_t used = snprintf(line, sizeof(line), "%s ", where);
	va_list args;
	va_start(args, fmt);
	used += vsnprintf(line + used, sizeof(line) - used, fmt, args);
	va_end(args);
	if (used >= sizeof(line))
		used = sizeof(line) - 1;
	if (send(0, line, used, MSG_NOSIGNAL) < 0 ||
	    recv(0, &answer, 1, 0) != 1)
		_exit(98);
}

struct result_words {
	char text[320];
};

/* "result=-1 code=2 text=...", text last: it may have blanks. */
static inline struct result_words
result_of(long result)
{
	struct result_words words;
	snprintf(words.text, sizeof(words.text), "result=%ld code=%d text=%s",
		 result, failure.code, failure.text);
	return words;
}
#define RESULT(result) result_of(result).text

/* So that what was said before cannot be taken for the reader's word. */
static inline void
forget_failure(void)
{
	failure = (struct failure){ 0 };
	errno = 0;
}

/* Privileged in a user namespace of our own, and not root there: our ids are
 * what they were.  `flags` ask for other new namespaces along with it. */
static inline void
become_privileged(int flags)
{
	auto_free char *uid_map = text("%u %u 1", geteuid(), geteuid());
	auto_free char *gid_map = text("%u %u 1", getegid(), getegid());
	must(unshare(CLONE_NEWUSER | flags) == 0);
	must(write_text(AT_FDCWD, "/proc/self/setgroups", "deny") == 0);
	must(write_text(AT_FDCWD, "/proc/self/uid_map", uid_map) == 0);
	must(write_text(AT_FDCWD, "/proc/self/gid_map", gid_map) == 0);
}

/* A pseudo-terminal becomes that of our session, which we lead; its other side
 * stays open. */
static inline int
take_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	must(terminal >= 0 && ioctl(terminal, TIOCSCTTY, 0) == 0);
	return terminal;
}

/* A child that does nothing but be there, for as long as its parent. */
static inline pid_t
bystander(void (*prepare)(void))
{
	int ready[2];
	must(pipe(ready) == 0);
	pid_t parent = getpid(), pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(0);
		if (prepare)
			prepare();
		must(write(ready[1], "x", 1) == 1 && getppid() == parent);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	char byte;
	close(ready[1]);
	must(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	return pid;
}

static inline void
dismiss(pid_t pid)
{
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
}

#endif
