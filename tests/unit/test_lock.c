/* test_lock.c - directories that are made, opened and locked. */
#include "lock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static int
make_place(void **state)
{
	char template[] = "/tmp/test-lock-XXXXXX";
	*state = copy_text(mkdtemp(template) ?: "");
	return **(char **)state ? 0 : -1;
}

static int
remove_place(void **state)
{
	auto_free char *place = *state;
	auto_free char *above = text("%s/a", place);
	auto_free char *path = text("%s/a/b", place);
	(void)rmdir(path);
	(void)rmdir(above);
	return rmdir(place);
}

static void
a_directory_is_made_once_and_locked(void **state)
{
	auto_free char *path = text("%s/a/b", (char *)*state);
	struct stat st;
	auto_close int first = lock_open_directory(path, 0700, LOCK_EX);
	assert_true(first >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	auto_close int second = lock_open_directory(path, 0700, 0);
	assert_true(second >= 0);
	assert_int_equal(lock_take(second, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(
		lock_open_directory(path, 0700, LOCK_EX | LOCK_NB), -1);
	assert_non_null(strstr(failure.text, "lock /tmp/test-lock-"));
	assert_int_equal(lock_open_directory("/dev/null", 0700, 0), -1);
}

static void
ignore(int number)
{
	(void)number;
}

/* The child lets go later than the signal comes. */
static void
a_signal_does_not_end_the_wait(void **state)
{
	struct sigaction action = { .sa_handler = ignore };
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	int ready[2];
	char byte;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int held = lock_open_directory(*state, 0700, LOCK_EX);
		if (held < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(200000);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	auto_close int ours = lock_open_directory(*state, 0700, LOCK_EX);
	assert_true(ours >= 0);
	int status;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_directory_is_made_once_and_locked, make_place,
			remove_place),
		cmocka_unit_test_setup_teardown(a_signal_does_not_end_the_wait,
						make_place, remove_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
