/*
 * in_child.h - what has to change a process is tested in a child of its own,
 * made an ordinary user first when the tests run as root.
 */
#ifndef IN_CHILD_H
#define IN_CHILD_H

#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns.h"
#include "test.h"

enum { ORDINARY_USER = 61234, CANNOT = 77 };

/* In a child: say what did not hold, and end. */
#define must(condition)                                                       \
	do {                                                                  \
		if (!(condition)) {                                           \
			print_error("%s:%d: %s does not hold (%s)\n",         \
				    __FILE__, __LINE__, #condition,           \
				    failure.text);                            \
			_exit(1);                                             \
		}                                                             \
	} while (0)

static inline void
become_ordinary(void)
{
	if (getuid() != 0)
		return;
	must(setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) == 0);
	must(setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) == 0);
	prctl(PR_SET_DUMPABLE, 1); /* or /proc/self/uid_map is root's */
}

/* A child that is root of its own user namespace, or gives up with CANNOT. */
static inline void
become_root_somehow(void)
{
	become_ordinary();
	if (ns_become_root() == 0)
		return;
	print_message("%s\n", failure.text);
	_exit(CANNOT);
}

/* Run `body` in a child; what does not hold there fails the test here. */
static inline void
in_child(void (*body)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static inline const struct ns_kind *
kind_named(const char *name)
{
	for (size_t i = 0; i < NS_KINDS; i++)
		if (strcmp(ns_kinds[i].name, name) == 0)
			return &ns_kinds[i];
	fail_msg("no kind is called %s", name);
	return NULL;
}

#endif
