/* test_sync.c - messages between parent and child, and what may go wrong. */
#include "sync.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static int ours, theirs;
static int descriptors;

static int
open_pair(void **state)
{
	(void)state;
	memset(&failure, 0, sizeof(failure));
	descriptors = count_descriptors();
	return sync_pair(&ours, &theirs);
}

/* Nothing may have been left open by the calls in between. */
static int
close_pair(void **state)
{
	(void)state;
	close_scoped(&ours);
	close_scoped(&theirs);
	return count_descriptors() == descriptors ? 0 : -1;
}

static void
both_ends_are_close_on_exec(void **state)
{
	(void)state;
	assert_true(fcntl(ours, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(theirs, F_GETFD) & FD_CLOEXEC);
}

static void
messages_arrive_in_order(void **state)
{
	(void)state;
	assert_int_equal(sync_send(theirs, SYNC_READY), 0);
	assert_int_equal(sync_send(theirs, SYNC_EXEC), 0);
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), 0);
	assert_int_equal(sync_expect(ours, SYNC_EXEC, "the child"), 0);
	assert_int_equal(sync_send(ours, SYNC_GO), 0);
	assert_int_equal(sync_expect(theirs, SYNC_GO, "the parent"), 0);
}

static void
another_message_than_the_one_due_is_a_failure(void **state)
{
	(void)state;
	sync_send(theirs, SYNC_EXEC);
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), -1);
	assert_non_null(strstr(failure.text, "the child"));
	assert_non_null(strstr(failure.text, "exec"));
	assert_non_null(strstr(failure.text, "ready"));
}

static void
the_end_of_the_file_is_a_failure(void **state)
{
	(void)state;
	close_scoped(&theirs);
	assert_int_equal(sync_expect(ours, SYNC_GO, "the parent"), -1);
	assert_non_null(strstr(failure.text, "the parent"));
	assert_non_null(strstr(failure.text, "died"));
	assert_int_equal(sync_expect_fd(ours, "the parent"), -1);
	assert_non_null(strstr(failure.text, "died"));
}

/* A peer that dies with our message unread makes the kernel say ECONNRESET. */
static void
a_reset_connection_is_a_death(void **state)
{
	(void)state;
	assert_int_equal(sync_send(ours, SYNC_GO), 0);
	close_scoped(&theirs);
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), -1);
	assert_non_null(strstr(failure.text, "died"));
}

static void
what_was_sent_before_death_still_arrives(void **state)
{
	(void)state;
	sync_send(theirs, SYNC_READY);
	close_scoped(&theirs);
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), 0);
	assert_int_equal(sync_expect(ours, SYNC_EXEC, "the child"), -1);
}

static void
sending_to_the_dead_is_no_sigpipe(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_DFL);
	close_scoped(&theirs);
	assert_int_equal(sync_send(ours, SYNC_GO), -1);
	assert_int_equal(failure.code, EPIPE);
	assert_int_equal(sync_send_failure(ours), -1);
	assert_int_equal(sync_send_fd(ours, 0), -1);
}

static void
a_failure_crosses_the_socket(void **state)
{
	(void)state;
	errno = EACCES;
	fail("mount %s", "/proc");
	assert_int_equal(sync_send_failure(theirs), 0);
	memset(&failure, 0, sizeof(failure));
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), -1);
	assert_string_equal(failure.text, "mount /proc: Permission denied");
	assert_int_equal(failure.code, EACCES);
}

static void
the_longest_failure_crosses_whole(void **state)
{
	(void)state;
	char long_text[400];
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	failx("%s", long_text);
	struct failure sent = failure;
	assert_int_equal(sync_send_failure(theirs), 0);
	memset(&failure, 0, sizeof(failure));
	assert_int_equal(sync_expect_fd(ours, "the child"), -1);
	assert_memory_equal(&failure, &sent, sizeof(sent));
}

/* Between real processes: the child fails and dies, the parent learns why. */
static void
a_child_that_fails_is_heard(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		close_scoped(&ours);
		errno = EINVAL;
		fail("pivot_root");
		_exit(sync_send_failure(theirs) == 0 ? 0 : 1);
	}
	close_scoped(&theirs);
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), -1);
	assert_string_equal(failure.text, "pivot_root: Invalid argument");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_child_that_is_killed_is_noticed(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		close_scoped(&ours);
		pause();
		_exit(0);
	}
	close_scoped(&theirs);
	kill(pid, SIGKILL);
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), -1);
	assert_non_null(strstr(failure.text, "the child died"));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
on_alarm(int signal)
{
	(void)signal;
}

static void
a_signal_does_not_end_the_wait(void **state)
{
	(void)state;
	struct sigaction action = { .sa_handler = on_alarm }; /* no restart */
	sigaction(SIGUSR1, &action, NULL);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++) {
			usleep(2000);
			kill(parent, SIGUSR1);
		}
		sync_send(theirs, SYNC_READY);
		_exit(0);
	}
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	signal(SIGUSR1, SIG_DFL);
}

/* ---- up to execve and beyond ------------------------------------------- */

static void
an_execve_that_succeeds_closes_the_child_s_end(void **state)
{
	(void)state;
	sync_send(theirs, SYNC_EXEC);
	close_scoped(&theirs);
	assert_int_equal(sync_expect_exec(ours, "the child"), 0);
}

static void
a_real_execve_is_seen(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		close_scoped(&ours);
		sync_send(theirs, SYNC_EXEC);
		execl("/bin/sh", "sh", "-c", "sleep 1", (char *)NULL);
		sync_send_failure(theirs);
		_exit(127);
	}
	close_scoped(&theirs);
	assert_int_equal(sync_expect_exec(ours, "the child"), 0);
	/* It was heard while the program still runs. */
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
an_execve_that_fails_tells_its_errno(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		close_scoped(&ours);
		sync_send(theirs, SYNC_EXEC);
		execl("/no/such/program", "x", (char *)NULL);
		fail("exec /no/such/program");
		sync_send_failure(theirs);
		_exit(127);
	}
	close_scoped(&theirs);
	assert_int_equal(sync_expect_exec(ours, "the child"), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_non_null(strstr(failure.text, "/no/such/program"));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_child_that_never_gets_to_execve(void **state)
{
	(void)state;
	close_scoped(&theirs);
	assert_int_equal(sync_expect_exec(ours, "the child"), -1);
	assert_non_null(strstr(failure.text, "died"));
}

static void
a_failure_instead_of_execve(void **state)
{
	(void)state;
	errno = EPERM;
	fail("mount /proc");
	sync_send_failure(theirs);
	close_scoped(&theirs);
	assert_int_equal(sync_expect_exec(ours, "the child"), -1);
	assert_int_equal(failure.code, EPERM);
}

static void
a_word_after_execve_is_no_success(void **state)
{
	(void)state;
	sync_send(theirs, SYNC_EXEC);
	sync_send(theirs, SYNC_READY);
	assert_int_equal(sync_expect_exec(ours, "the child"), -1);
}

/* ---- descriptors ------------------------------------------------------- */

static void
a_descriptor_arrives_close_on_exec(void **state)
{
	(void)state;
	struct stat sent, got;
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(sync_send_fd(theirs, null), 0);
	auto_close int fd = sync_expect_fd(ours, "the child");
	assert_true(fd >= 0 && fd != null);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(null, &sent), 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_true(sent.st_rdev == got.st_rdev && sent.st_ino == got.st_ino);
}

static void
an_unexpected_descriptor_is_closed(void **state)
{
	(void)state;
	int before = count_descriptors();
	assert_int_equal(sync_send_fd(theirs, 0), 0);
	assert_int_equal(sync_expect(ours, SYNC_READY, "the child"), -1);
	assert_int_equal(count_descriptors(), before);
}

static void
a_descriptor_message_without_one_is_refused(void **state)
{
	(void)state;
	assert_int_equal(sync_send(theirs, SYNC_FD), 0);
	assert_int_equal(sync_expect_fd(ours, "the child"), -1);
	assert_int_equal(sync_send(theirs, SYNC_READY), 0);
	assert_int_equal(sync_expect_fd(ours, "the child"), -1);
}

static void
a_bad_descriptor_is_not_sent(void **state)
{
	(void)state;
	assert_int_equal(sync_send_fd(theirs, 999), -1);
	assert_int_equal(failure.code, EBADF);
}

/* Send any bytes with any descriptors, as a broken peer might. */
static void
send_raw(const void *bytes, size_t length, const int *fds, size_t count)
{
	struct iovec part = { (void *)bytes, length };
	union {
		struct cmsghdr header;
		char space[256];
	} control = { 0 };
	struct msghdr envelope = { .msg_iov = &part, .msg_iovlen = 1 };
	if (count > 0) {
		envelope.msg_control = &control;
		envelope.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
	}
	assert_int_equal(sendmsg(theirs, &envelope, 0), length);
}

/* What a genuine message of this type looks like, byte for byte. */
static size_t
genuine(enum sync_type type, char *bytes, size_t size)
{
	int mine, other;
	assert_int_equal(sync_pair(&mine, &other), 0);
	assert_int_equal(sync_send(other, type), 0);
	ssize_t length = recv(mine, bytes, size, 0);
	close(mine);
	close(other);
	assert_true(length > 0);
	return length;
}

static void
more_descriptors_than_due_are_all_closed(void **state)
{
	(void)state;
	char bytes[1024];
	size_t length = genuine(SYNC_FD, bytes, sizeof(bytes));
	int before = count_descriptors();
	for (size_t count = 2; count <= 5; count++) {
		send_raw(bytes, length, (int[]){ 0, 0, 0, 0, 0 }, count);
		auto_close int fd = sync_expect_fd(ours, "the child");
		/* Taking the first is as good as refusing them all; keeping
		 * one that nobody knows of is not. */
		close_scoped(&fd);
		assert_int_equal(count_descriptors(), before);
	}
}

static void
bytes_that_are_no_message_are_refused(void **state)
{
	(void)state;
	char bytes[4096] = { 0 };
	size_t length = genuine(SYNC_GO, bytes, sizeof(bytes));
	const size_t lengths[] = { 1, 3, 4, length - 1, length + 1, 4096 };
	for (size_t i = 0; i < countof(lengths); i++) {
		send_raw(bytes, lengths[i], NULL, 0);
		if (sync_expect(ours, SYNC_GO, "the child") != -1)
			fail_msg("%zu bytes were taken for a message",
				 lengths[i]);
	}
	send_raw(bytes, 4, (int[]){ 0 }, 1);
	assert_int_equal(sync_expect_fd(ours, "the child"), -1);
}

static void
nonsense_in_a_message_is_refused(void **state)
{
	(void)state;
	char bytes[1024];
	size_t length = genuine(SYNC_GO, bytes, sizeof(bytes));
	memset(bytes, 0xff, length);
	send_raw(bytes, length, NULL, 0);
	assert_int_equal(sync_expect(ours, SYNC_GO, "the child"), -1);
	assert_non_null(strstr(failure.text, "nonsense"));
	/* A failure whose text has no end. */
	genuine(SYNC_FAILURE, bytes, sizeof(bytes));
	memset(bytes + length - 252, 'x', 252);
	send_raw(bytes, length, NULL, 0);
	assert_int_equal(sync_expect(ours, SYNC_GO, "the child"), -1);
	assert_int_equal(strlen(failure.text), sizeof(failure.text) - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int
main(void)
{
	alarm(60); /* a wait that never ends is a failure, too */
	const struct CMUnitTest tests[] = {
		TEST(both_ends_are_close_on_exec),
		TEST(messages_arrive_in_order),
		TEST(another_message_than_the_one_due_is_a_failure),
		TEST(the_end_of_the_file_is_a_failure),
		TEST(a_reset_connection_is_a_death),
		TEST(what_was_sent_before_death_still_arrives),
		TEST(sending_to_the_dead_is_no_sigpipe),
		TEST(a_failure_crosses_the_socket),
		TEST(the_longest_failure_crosses_whole),
		TEST(a_child_that_fails_is_heard),
		TEST(a_child_that_is_killed_is_noticed),
		TEST(a_signal_does_not_end_the_wait),
		TEST(an_execve_that_succeeds_closes_the_child_s_end),
		TEST(a_real_execve_is_seen),
		TEST(an_execve_that_fails_tells_its_errno),
		TEST(a_child_that_never_gets_to_execve),
		TEST(a_failure_instead_of_execve),
		TEST(a_word_after_execve_is_no_success),
		TEST(a_descriptor_arrives_close_on_exec),
		TEST(an_unexpected_descriptor_is_closed),
		TEST(a_descriptor_message_without_one_is_refused),
		TEST(a_bad_descriptor_is_not_sent),
		TEST(more_descriptors_than_due_are_all_closed),
		TEST(bytes_that_are_no_message_are_refused),
		TEST(nonsense_in_a_message_is_refused),
	};
	return cmocka_run_group_tests_name("sync", tests, NULL, NULL);
}
