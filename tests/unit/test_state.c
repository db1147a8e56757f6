/* test_state.c - containers on disk: what is saved is read, one id is one
 * container, and a living process is told from all that look like it. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "tree.h"

static char top[64];

static int
set_up(void **unused)
{
	(void)unused;
	snprintf(top, sizeof(top), "/tmp/mydocker-unit-state.XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int
tear_down(void **unused)
{
	(void)unused;
	assert_int_equal(chdir("/tmp"), 0);
	return tree_remove(AT_FDCWD, strrchr(top, '/') + 1);
}

/* A container whose process is `pid`, or none with 0. */
static struct state
saved(const char *id, pid_t pid)
{
	auto_close int dir = -1;
	auto_close int lock = -1;
	struct state state = {
		.id = copy_text(id),
		.bundle = copy_text("/a \"bundle\"/\xc3\xa9"),
		.rootfs = copy_text("/a/rootfs"),
		.cgroup = copy_text("mydocker/x"),
		.created_ns = 1234567890123456789,
		.owner = 4294967294u,
	};
	assert_int_equal(state_create(top, id, &dir, &lock), 0);
	if (pid)
		assert_int_equal(state_note_process(&state, pid), 0);
	assert_int_equal(state_save(dir, &state), 0);
	return state;
}

static enum oci_status
status_of(const char *id)
{
	auto_state struct state state;
	auto_close int dir = -1;
	assert_int_equal(state_open(top, id, &state, &dir, NULL), 0);
	return state_status(&state);
}

/* ---- the file ----------------------------------------------------------- */

static void
what_is_saved_is_read(void **unused)
{
	(void)unused;
	auto_state struct state before = saved("web", getpid());
	auto_state struct state after;
	auto_close int dir = -1;
	auto_close int lock = -1;
	assert_int_equal(state_open(top, "web", &after, &dir, &lock), 0);
	assert_true(lock >= 0);
	assert_string_equal(after.id, "web");
	assert_string_equal(after.bundle, before.bundle);
	assert_string_equal(after.rootfs, "/a/rootfs");
	assert_string_equal(after.cgroup, "mydocker/x");
	assert_string_equal(after.boot, before.boot);
	assert_int_equal(after.pid, getpid());
	assert_true(after.start_time == before.start_time);
	assert_true(after.created_ns == before.created_ns);
	assert_true(after.owner == before.owner);
	assert_false(after.started);
}

static void
nonsense_is_refused(void **unused)
{
	(void)unused;
	static const char *const contents[] = {
		"{}", "[]", "{\"id\": 3}", "\xff",
		"{\"id\": \"web\", \"bundle\": \"/b\"}",
	};
	auto_state struct state state = saved("web", getpid());
	auto_free char *path = text("%s/web", top);
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < countof(contents); i++) {
		auto_close int there = -1;
		auto_state struct state read;
		assert_int_equal(write_file(dir, "state.json", contents[i],
					    0600), 0);
		assert_int_equal(state_open(top, "web", &read, &there, NULL),
				 -1);
		assert_non_null(strstr(failure.text, "container \"web\""));
	}
}

/* What a power cut may leave of a file that was not synced. */
static void
an_empty_one_is_of_nobody(void **unused)
{
	(void)unused;
	auto_state struct state state = saved("web", getpid());
	auto_free char *path = text("%s/web", top);
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int there = -1;
	auto_state struct state read;
	assert_int_equal(write_file(dir, "state.json", "", 0600), 0);
	assert_int_equal(state_open(top, "web", &read, &there, NULL), 0);
	assert_int_equal(read.pid, 0);
	assert_true(read.abandoned);
}

static void
a_path_that_is_no_text_is_refused(void **unused)
{
	(void)unused;
	auto_close int dir = -1;
	auto_close int lock = -1;
	auto_state struct state state = {
		.id = copy_text("web"),
		.bundle = copy_text("/b\xff"),
		.rootfs = copy_text("/b"),
	};
	assert_int_equal(state_create(top, "web", &dir, &lock), 0);
	assert_int_equal(state_save(dir, &state), -1);
	assert_non_null(strstr(failure.text, "UTF-8"));
}

/* ---- the directory ------------------------------------------------------ */

static void
one_id_is_one_container(void **unused)
{
	(void)unused;
	auto_state struct state state = saved("web", 0);
	auto_close int dir = -1;
	auto_close int lock = -1;
	assert_int_equal(state_create(top, "web", &dir, &lock), -1);
	assert_int_equal(failure.code, EEXIST);
	assert_true(dir < 0 && lock < 0);
}

static void
no_id_leads_out(void **unused)
{
	(void)unused;
	static const char *const ids[] = { "", ".", "..", "../x", "a/b", "/" };
	for (size_t i = 0; i < countof(ids); i++) {
		auto_close int dir = -1;
		auto_close int lock = -1;
		auto_state struct state state;
		assert_int_equal(state_create(top, ids[i], &dir, &lock), -1);
		assert_int_equal(state_open(top, ids[i], &state, &dir, NULL),
				 -1);
	}
}

static void
a_link_is_no_container(void **unused)
{
	(void)unused;
	auto_state struct state state = saved("web", 0);
	auto_state struct state read;
	auto_free char *link_path = text("%s/link", top);
	auto_close int dir = -1;
	assert_int_equal(symlink("web", link_path), 0);
	assert_int_equal(state_open(top, "link", &read, &dir, NULL), -1);
	assert_int_equal(state_remove(top, "link", -1), -1);
	assert_int_equal(status_of("web"), OCI_STOPPED);
}

static void
what_is_not_there_has_the_words_for_it(void **unused)
{
	(void)unused;
	auto_state struct state state;
	auto_close int dir = -1;
	auto_close int lock = -1;
	assert_int_equal(state_open(top, "no", &state, &dir, &lock), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_string_equal(failure.text,
			    "container \"no\" does not exist");
	assert_int_equal(state_remove(top, "no", -1), 0);
}

static void
all_are_listed_in_order(void **unused)
{
	(void)unused;
	auto_state struct state b = saved("b", 0);
	auto_state struct state a = saved("a", 0);
	auto_free char *file = text("%s/file", top);
	assert_int_equal(write_file(AT_FDCWD, file, "", 0600), 0);
	auto_free char **ids = state_list(top);
	assert_string_equal(ids[0], "a");
	assert_string_equal(ids[1], "b");
	assert_null(ids[2]);
	free(ids[0]);
	free(ids[1]);
	auto_free char **none = state_list("/nowhere/at/all");
	assert_null(none[0]);
}

static void
what_is_removed_is_gone(void **unused)
{
	(void)unused;
	auto_state struct state state = saved("web", 0);
	auto_free char *path = text("%s/web", top);
	struct stat st;
	assert_int_equal(state_remove(top, "web", -1), 0);
	assert_int_equal(stat(path, &st), -1);
}

/* Who waited for the lock of a container that is removed meanwhile must not
 * take its successor for it. */
/* proc_locks(5): who waits stands with an arrow below the one who has it. */
static void
wait_until_it_waits(pid_t pid)
{
	auto_free char *number = text(" %d ", pid);
	for (bool waits = false; !waits; usleep(1000)) {
		auto_free char *locks = read_all(AT_FDCWD, "/proc/locks", NULL);
		char *rest = locks, *line;
		assert_non_null(locks);
		while ((line = strsep(&rest, "\n")))
			waits |= strstr(line, "-> FLOCK") &&
				 strstr(line, number);
	}
}

static void
a_lock_is_of_one_container(void **unused)
{
	(void)unused;
	auto_state struct state state = saved("web", 0);
	auto_close int dir = -1;
	auto_close int lock = -1;
	auto_state struct state held;
	assert_int_equal(state_open(top, "web", &held, &dir, &lock), 0);
	pid_t pid = fork();
	if (pid == 0) {
		auto_state struct state waited;
		auto_close int other_dir = -1;
		auto_close int other = -1;
		close(lock);
		_exit(state_open(top, "web", &waited, &other_dir, &other) <
				      0 && failure.code == ENOENT ? 0 : 1);
	}
	wait_until_it_waits(pid);
	assert_int_equal(state_remove(top, "web", dir), 0);
	auto_state struct state next = saved("web", 0);
	close_scoped(&lock);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- the process -------------------------------------------------------- */

static pid_t
sleeper(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void
the_living_are_told_from_the_dead(void **unused)
{
	(void)unused;
	pid_t pid = sleeper();
	auto_state struct state state = saved("web", pid);
	assert_int_equal(status_of("web"), OCI_CREATED);
	auto_close int pidfd = state_pidfd(&state);
	assert_true(pidfd >= 0);
	state.started = true;
	assert_int_equal(state_status(&state), OCI_RUNNING);
	kill(pid, SIGKILL);
	siginfo_t info; /* a zombie has ended */
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(state_status(&state), OCI_STOPPED);
	assert_int_equal(state_pidfd(&state), -1);
	assert_int_equal(failure.code, ESRCH);
	waitpid(pid, NULL, 0);
	assert_int_equal(state_status(&state), OCI_STOPPED);
}

/* The number alone is nobody: not at another time, nor after a reboot. */
static void
a_pid_that_was_reused_is_another(void **unused)
{
	(void)unused;
	auto_state struct state state = saved("web", getpid());
	assert_int_equal(state_status(&state), OCI_CREATED);
	state.start_time--;
	assert_int_equal(state_status(&state), OCI_STOPPED);
	assert_int_equal(state_pidfd(&state), -1);
	state.start_time++;
	state.boot[0] = state.boot[0] == 'a' ? 'b' : 'a';
	assert_int_equal(state_status(&state), OCI_STOPPED);
	assert_int_equal(state_pidfd(&state), -1);
}

/* "creating" only as long as somebody is at it. */
static void
a_creation_that_died_is_no_creation(void **unused)
{
	(void)unused;
	auto_close int dir = -1;
	auto_close int lock = -1;
	assert_int_equal(state_create(top, "web", &dir, &lock), 0);
	assert_int_equal(status_of("web"), OCI_CREATING);
	close_scoped(&lock);
	assert_int_equal(status_of("web"), OCI_STOPPED);
}

static void
what_is_written_beside_is_not_seen_yet(void **unused)
{
	(void)unused;
	auto_close int dir = -1;
	auto_close int lock = -1;
	auto_state struct state state = saved("web", 0);
	auto_state struct state before;
	assert_int_equal(state_open(top, "web", &before, &dir, &lock), 0);
	assert_int_equal(state_note_process(&state, getpid()), 0);
	assert_int_equal(state_save_beside(dir, &state), 0);
	auto_state struct state read;
	auto_close int again = -1;
	assert_int_equal(state_open(top, "web", &read, &again, NULL), 0);
	assert_int_equal(read.pid, 0);
	close_scoped(&lock);
	assert_int_equal(state_put_in_place(dir), 0);
	assert_int_equal(status_of("web"), OCI_CREATED);
	assert_int_equal(state_put_in_place(dir), -1);
	assert_int_equal(state_save_beside(dir, &state), 0);
	assert_int_equal(state_remove(top, "web", dir), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_saved_is_read),
		TEST(nonsense_is_refused),
		TEST(an_empty_one_is_of_nobody),
		TEST(a_path_that_is_no_text_is_refused),
		TEST(one_id_is_one_container),
		TEST(no_id_leads_out),
		TEST(a_link_is_no_container),
		TEST(what_is_not_there_has_the_words_for_it),
		TEST(all_are_listed_in_order),
		TEST(what_is_removed_is_gone),
		TEST(a_lock_is_of_one_container),
		TEST(the_living_are_told_from_the_dead),
		TEST(a_pid_that_was_reused_is_another),
		TEST(a_creation_that_died_is_no_creation),
		TEST(what_is_written_beside_is_not_seen_yet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
