/* test_nschild.c - children in new namespaces, and every way they may end. */
#include "nschild.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "in_child.h"
#include "sync.h"
#include "sys.h"

static int
ready_then_go(int sock, void *data)
{
	const int *status = data;
	if (sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the parent") < 0)
		return -1;
	return *status;
}

static int
give_up(int sock, void *data)
{
	(void)sock;
	errno = ENOTTY;
	return fail("do %s", (const char *)data);
}

static int
die(int sock, void *data)
{
	(void)sock;
	(void)data;
	raise(SIGKILL);
	return 0;
}

static int
tell_ids(int sock, void *data)
{
	(void)sock;
	(void)data;
	return getuid() == 0 && getgid() == 0 && getpid() == 1 ? 42 : 1;
}

/* Is it reaped?  The child of a test has no other children. */
static bool
has_no_children(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void
check_turns(void)
{
	int before = count_descriptors(), status = 3, ended = -1;
	struct ns_child child;
	must(ns_child_create(&child, 0, -1, ready_then_go, &status) == 0);
	must(child.pid > 0 && child.pidfd >= 0);
	must(sync_expect(child.sock, SYNC_READY, "the child") == 0);
	must(sync_send(child.sock, SYNC_GO) == 0);
	must(ns_child_wait(&child, &ended) == 0 && ended == 3);
	must(has_no_children() && count_descriptors() == before);
	ns_child_end(&child); /* once more does nothing */
}

static void
check_failure(void)
{
	int before = count_descriptors();
	struct ns_child child;
	must(ns_child_create(&child, 0, -1, give_up, "this") == 0);
	must(ns_child_wait(&child, NULL) == -1);
	must(failure.code == ENOTTY && strstr(failure.text, "do this: "));

	must(ns_child_create(&child, 0, -1, give_up, "that") == 0);
	must(sync_expect(child.sock, SYNC_READY, "the child") == -1);
	failx("nothing of importance");
	must(ns_child_give_up(&child) == -1);
	must(has_no_children() && count_descriptors() == before);
}

static void
check_signal(void)
{
	struct ns_child child;
	int status;
	must(ns_child_create(&child, 0, -1, die, NULL) == 0);
	must(ns_child_wait(&child, &status) == 0 && status == 128 + SIGKILL);
}

static void
check_end(void)
{
	struct ns_child child;
	int status = 0;
	must(ns_child_create(&child, 0, -1, ready_then_go, &status) == 0);
	failx("this is why");
	ns_child_end(&child);
	must(has_no_children() && strcmp(failure.text, "this is why") == 0);
}

static int
wait_for_nothing(int sock, void *data)
{
	(void)data;
	if (sync_send(sock, SYNC_READY) < 0)
		return -1;
	for (;;)
		pause();
}

/* Nobody outlives the parent, whatever they wait for. */
static void
check_orphan(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t parent = fork();
	if (parent == 0) {
		struct ns_child child;
		ns_child_create(&child, 0, -1, wait_for_nothing, NULL);
		sync_expect(child.sock, SYNC_READY, "the child");
		_exit(0);
	}
	int status;
	must(waitpid(parent, &status, 0) == parent && status == 0);
	must(waitpid(-1, &status, 0) > 0);
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
check_namespaces(void)
{
	become_ordinary();
	struct ns_child child;
	int status;
	if (ns_child_create(&child, CLONE_NEWUSER | CLONE_NEWPID, -1, tell_ids,
			    NULL) < 0) {
		print_message("%s\n", failure.text);
		_exit(CANNOT);
	}
	must(ns_child_wait(&child, &status) == 0 && status == 42);
}

static void
check_refused(void)
{
	become_ordinary();
	int before = count_descriptors();
	struct ns_child child;
	must(ns_child_create(&child, CLONE_NEWUTS, -1, tell_ids, NULL) == -1);
	must(failure.code == EPERM && has_no_children());
	must(count_descriptors() == before);
	ns_child_end(&child);
}

#define IN_CHILD(name, body)                                                  \
	static void name(void **state)                                        \
	{                                                                     \
		(void)state;                                                  \
		in_child(body);                                               \
	}
IN_CHILD(they_take_turns, check_turns)
IN_CHILD(its_failure_becomes_ours, check_failure)
IN_CHILD(a_signal_is_128_plus_n, check_signal)
IN_CHILD(an_end_keeps_the_failure, check_end)
IN_CHILD(it_does_not_outlive_its_parent, check_orphan)
IN_CHILD(it_is_root_before_its_first_line, check_namespaces)
IN_CHILD(without_privilege_nothing_is_left, check_refused)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_take_turns),
		cmocka_unit_test(its_failure_becomes_ours),
		cmocka_unit_test(a_signal_is_128_plus_n),
		cmocka_unit_test(an_end_keeps_the_failure),
		cmocka_unit_test(it_does_not_outlive_its_parent),
		cmocka_unit_test(it_is_root_before_its_first_line),
		cmocka_unit_test(without_privilege_nothing_is_left),
	};
	return cmocka_run_group_tests_name("nschild", tests, NULL, NULL);
}
