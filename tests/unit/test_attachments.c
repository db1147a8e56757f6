/* test_attachments.c - whose namespace a container is put on its network by. */
#include "attachments.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static void
one_that_lives_has_a_namespace(void **state)
{
	(void)state;
	auto_close int netns = attachments_open_netns(getpid());
	assert_true(netns >= 0);
}

/* Killed, and not waited for by its parent: the pid is its own still. */
static void
one_that_was_killed_has_died(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(1);
	}
	siginfo_t info;
	assert_true(pid > 0 && kill(pid, SIGKILL) == 0);
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(attachments_open_netns(pid), -1);
	assert_string_equal(failure.text, "the container died without a word");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_lives_has_a_namespace),
		cmocka_unit_test(one_that_was_killed_has_died),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
