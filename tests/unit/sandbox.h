/*
 * sandbox.h - tests that mount: each in a child of its own, whose mounts end
 * with it.  Include it last, in place of test.h.
 *
 *	static void
 *	body(void)
 *	{
 *		must(mkdir("a", 0755) == 0);
 *	}
 *	...
 *	in_sandbox(body, ALL_CALLS);
 *
 * The body is root of a user namespace, in an empty tmpfs: an ordinary user's
 * rights, whoever runs the tests.  With OLD_KERNEL the calls newer than Linux
 * 4.19 that this project can do without answer ENOSYS, by a seccomp filter.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns.h"
#include "test.h"

enum { ORDINARY_USER = 61234, CANNOT = 77 };
enum calls { ALL_CALLS, OLD_KERNEL };

/* In a child: say what did not hold, and end. */
#define must(condition)                                                       \
	do {                                                                  \
		if (!(condition)) {                                           \
			print_error("%s:%d: %s does not hold (%s; errno: "    \
				    "%s)\n", __FILE__, __LINE__, #condition,  \
				    failure.text, strerror(errno));           \
			_exit(1);                                             \
		}                                                             \
	} while (0)

/* From here on these system calls do not exist. */
static inline void
become_old(void)
{
	static const int calls[] = { SYS_openat2,   SYS_open_tree,
				     SYS_fsopen,    SYS_fsconfig,
				     SYS_fsmount,   SYS_move_mount,
				     SYS_mount_setattr };
	struct sock_filter filter[2 * countof(calls) + 2];
	size_t n = 0;
	filter[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < countof(calls); i++) {
		filter[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		filter[n++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						   SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = n, .filter = filter };
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	must(syscall(SYS_openat2, -1, "", NULL, 0) < 0 && errno == ENOSYS);
}

/* /tmp is empty and ours; nobody outside sees it. */
static inline void
enter_scratch(void)
{
	must(ns_own_mounts() == 0);
	must(mount("scratch", "/tmp", "tmpfs", 0, "mode=755") == 0);
	must(chdir("/tmp") == 0);
}

static inline void
enter_sandbox(void)
{
	if (getuid() == 0) {
		must(setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) ==
		     0);
		must(setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) ==
		     0);
		prctl(PR_SET_DUMPABLE, 1); /* or our /proc files are root's */
	}
	if (ns_become_root() < 0) {
		print_message("%s\n", failure.text);
		_exit(CANNOT);
	}
	enter_scratch();
}

/* The child's status is the test's; look at it when all is tidied up. */
static inline int
end_of(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline void
judge(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static inline void
in_sandbox(void (*body)(void), enum calls calls)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		enter_sandbox();
		if (calls == OLD_KERNEL)
			become_old();
		body();
		_exit(0);
	}
	judge(end_of(pid));
}

/* The same with the rights of real root, where the tests have them. */
static inline void
in_root_sandbox(void (*body)(void), enum calls calls)
{
	if (geteuid() != 0) {
		print_message("needs root; run by user %d\n", geteuid());
		skip();
	}
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		enter_scratch();
		if (calls == OLD_KERNEL)
			become_old();
		body();
		_exit(0);
	}
	judge(end_of(pid));
}

#endif
