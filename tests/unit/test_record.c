/* test_record.c - containers on disk: what is written is read, what is broken
 * is refused, a name has one owner, and a lock tells the living. */
#include "record.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "tree.h"

static char top[64];
static int containers = -1;

static int
set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/mydocker-unit-record.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	containers = records_open(top);
	return containers < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close_scoped(&containers);
	assert_int_equal(chdir("/tmp"), 0);
	return tree_remove(AT_FDCWD, strrchr(top, '/') + 1);
}

static struct record
blank(const char *name)
{
	return (struct record){
		.name = name ? copy_text(name) : NULL,
		.image = copy_text("image:1"),
		.image_id = copy_text("sha256:0123"),
		.command = copy_text("echo \"two words\" \t\n\\ \xc3\xa9"),
		.ports = copy_text(""),
	};
}

/* A container with this name; its id.  The lock is let go of. */
static char *
make(const char *name, int64_t created)
{
	auto_record struct record record = blank(name);
	auto_close int dir = -1;
	auto_close int lock = -1;
	if (record_create(containers, &record, &dir, &lock) < 0)
		fail_msg("%s", failure.text);
	record.created_ns = created;
	assert_int_equal(record_save(dir, &record), 0);
	return copy_text(record.id);
}

/* A directory of this id with this record.json, from which it is loaded. */
static int
load(const char *content, size_t length, struct record *record)
{
	assert_int_equal(mkdirat(containers, "x", 0700), 0);
	auto_close int dir =
		openat(containers, "x", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = openat(dir, "record.json",
				   O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, content, length), length);
	failure = (struct failure){ 0 };
	int result = record_load(dir, record);
	assert_int_equal(tree_remove(containers, "x"), 0);
	return result;
}

static void
saved_and_loaded(void **state)
{
	(void)state;
	auto_record struct record record = blank("web");
	auto_record struct record again = { 0 };
	auto_close int dir = -1;
	auto_close int lock = -1;
	assert_int_equal(record_create(containers, &record, &dir, &lock), 0);
	assert_int_equal(strlen(record.id), ID_LENGTH);
	assert_int_equal(strspn(record.id, "0123456789abcdef"), ID_LENGTH);
	/* Its host name must not look like an address. */
	assert_true(strspn(record.id, "0123456789") < SHORT_ID);
	record.status = STATUS_EXITED;
	record.created_ns = INT64_MAX;
	record.started_ns = 5000000000;
	record.finished_ns = -1;
	record.pid = 4194304;
	record.exit_code = 137;
	record.remove = true;
	record.driver = STORAGE_AUFS;
	assert_int_equal(record_save(dir, &record), 0);
	assert_int_equal(record_load(dir, &again), 0);
	assert_string_equal(again.id, record.id);
	assert_string_equal(again.name, "web");
	assert_string_equal(again.image, record.image);
	assert_string_equal(again.image_id, record.image_id);
	assert_string_equal(again.command, record.command);
	assert_string_equal(again.ports, "");
	assert_int_equal(again.status, STATUS_EXITED);
	assert_true(again.created_ns == INT64_MAX && again.finished_ns == -1);
	assert_true(again.started_ns == 5000000000);
	assert_int_equal(again.pid, 4194304);
	assert_int_equal(again.exit_code, 137);
	assert_true(again.remove);
	assert_int_equal(again.driver, STORAGE_AUFS);
	/* What a container was started with is nobody else's business. */
	struct stat st;
	assert_int_equal(fstatat(dir, "record.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* A writer that was killed at any instant: no half is taken for the whole. */
static void
truncated(void **state)
{
	(void)state;
	auto_free char *id = make("web", 1);
	auto_free char *path = text("%s/record.json", id);
	size_t length;
	auto_free char *content = read_all(containers, path, &length);
	struct record record;
	assert_non_null(content);
	size_t end = strrchr(content, '}') - content;
	for (size_t cut = 0; cut <= end; cut++)
		if (load(content, cut, &record) == 0)
			fail_msg("%zu of %zu bytes were enough", cut, length);
	assert_int_equal(load(content, end + 1, &record), 0);
	record_free(&record);
}

#define SOME_ID                                                               \
	"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""
#define GOOD                                                                  \
	"{\"id\":" SOME_ID ",\"name\":\"b\",\"image\":\"c\","               \
	"\"imageId\":\"d\","                                                \
	"\"command\":\"e\",\"ports\":\"f\",\"status\":\"exited\","            \
	"\"createdNs\":1,\"startedNs\":2,\"finishedNs\":3,\"pid\":4,"    \
	"\"exitCode\":5,\"remove\":false}"

/* Records of before there was a choice do not name a driver. */
static void
drivers(void **state)
{
	static const char aufs[] = "false,\"driver\":\"aufs\"}";
	static const char other[] = "false,\"driver\":\"zfs\"}";
	struct record record;
	(void)state;
	assert_int_equal(load(GOOD, strlen(GOOD), &record), 0);
	assert_int_equal(record.driver, STORAGE_OVERLAY);
	record_free(&record);
	size_t kept = strlen(GOOD) - strlen("false}");
	auto_free char *named = text("%.*s%s", (int)kept, GOOD, aufs);
	assert_int_equal(load(named, strlen(named), &record), 0);
	assert_int_equal(record.driver, STORAGE_AUFS);
	record_free(&record);
	auto_free char *unknown = text("%.*s%s", (int)kept, GOOD, other);
	assert_int_equal(load(unknown, strlen(unknown), &record), -1);
	assert_non_null(strstr(failure.text, "unknown storage driver 'zfs'"));
}

static void
broken(void **state)
{
	static const char *const files[] = {
		"not JSON", "[]", "{}", "null", "\"text\"", "7", "{\"id\":",
		GOOD "x", GOOD GOOD, "\xff\xfe", "{\"id\":\"\xff\"}",
	};
	/* One value of a good record, and what stands there instead. */
	static const char *const changes[][2] = {
		{ SOME_ID, "7" },	  { "\"b\"", "null" },
		{ SOME_ID, "\"\"" },	  { SOME_ID, "\"../a\"" },
		{ "\"0123", "\"012/" },	  { "cdef\"", "cdef0\"" },
		{ "cdef\"", "cdeF\"" },
		{ "\"c\"", "[\"c\"]" },	  { "\"d\"", "{}" },
		{ "\"e\"", "true" },	  { "\"f\"", "1.5" },
		{ "\"exited\"", "7" },	  { "\"exited\"", "\"\"" },
		{ "\"exited\"", "\"Exited\"" },
		{ "\"exited\"", "\"paused\"" },
		{ ":1,", ":\"1\"," },	  { ":2,", ":2.5," },
		{ ":3,", ":null," },	  { ":4,", ":\"4\"," },
		{ ":5,", ":[5]," },	  { "false", "0" },
		{ "false", "\"false\"" }, { "\"name\"", "\"nome\"" },
		{ ":1,", ":99999999999999999999999," },
	};
	struct record record;
	(void)state;
	for (size_t i = 0; i < countof(files); i++)
		if (load(files[i], strlen(files[i]), &record) == 0)
			fail_msg("taken for a record: %s", files[i]);
	assert_int_equal(load("", 0, &record), -1);
	assert_non_null(strstr(failure.text, "record.json"));
	for (size_t i = 0; i < countof(changes); i++) {
		const char *at = strstr(GOOD, changes[i][0]);
		assert_non_null(at);
		auto_free char *bad =
			text("%.*s%s%s", (int)(at - GOOD), GOOD,
			     changes[i][1], at + strlen(changes[i][0]));
		int result = load(bad, strlen(bad), &record);
		if (result == 0)
			fail_msg("taken for a record: %s", bad);
		assert_true(failure.text[0]);
		record_free(&record);
	}
	assert_int_equal(load(GOOD, strlen(GOOD), &record), 0);
	record_free(&record);
	/* ENOENT is what tells rubbish from a damaged container. */
	auto_close int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(record_load(dir, &record), -1);
	assert_int_equal(failure.code, ENOENT);
}

/* The first byte says whether a child of the race has won. */
static pid_t
start_runner(int go, int results)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	auto_close int own = records_open(top);
	struct record record = blank("wanted");
	char ready;
	int dir, lock;
	(void)!read(go, &ready, 1); /* until the starter lets go */
	char won = record_create(own, &record, &dir, &lock) == 0 ? 'w' :
		   strstr(failure.text, "in use")		 ? 'l' :
								   '?';
	(void)!write(results, &won, 1);
	pause(); /* holding the lock, as a runtime does */
	_exit(0);
}

static void
one_name_one_winner(void **state)
{
	enum { RUNNERS = 8 };
	pid_t pids[RUNNERS];
	char results[RUNNERS];
	int go[2], outcome[2];
	size_t count, won = 0, lost = 0;
	(void)state;
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(outcome, O_CLOEXEC), 0);
	for (int i = 0; i < RUNNERS; i++)
		pids[i] = start_runner(go[0], outcome[1]);
	(void)!write(go[1], "go! go!!", RUNNERS);
	for (int i = 0; i < RUNNERS; i++) {
		(void)!read(outcome[0], &results[i], 1);
		won += results[i] == 'w';
		lost += results[i] == 'l';
	}
	for (int i = 0; i < RUNNERS; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(outcome[i]);
	}
	struct record *records = records_list(containers, &count);
	for (size_t i = 0; i < count; i++)
		record_free(&records[i]);
	free(records);
	assert_int_equal(won, 1);
	assert_int_equal(lost, RUNNERS - 1);
	assert_int_equal(count, 1);
}

static void
refused_without_traces(void **state)
{
	auto_free char *id = make("web", 1);
	auto_record struct record same = blank("web");
	int dir, lock, entries = 0;
	(void)state;
	assert_int_equal(record_create(containers, &same, &dir, &lock), -1);
	assert_int_equal(dir, -1);
	assert_int_equal(lock, -1);
	assert_non_null(strstr(failure.text, "\"/web\" is already in use"));
	auto_free char *shortened = text("%.12s", id);
	assert_non_null(strstr(failure.text, shortened));
	/* What cannot be written as JSON leaves no directory, either. */
	auto_record struct record bytes = blank("bytes\xff");
	assert_int_equal(record_create(containers, &bytes, &dir, &lock), -1);
	assert_int_equal(dir, -1);
	assert_int_equal(lock, -1);
	auto_dir DIR *listing = fdopendir(
		openat(containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;
	while ((entry = readdir(listing)))
		entries += entry->d_name[0] != '.';
	assert_int_equal(entries, 1);
}

/* More containers than there are pairs of words. */
static void
invented_names(void **state)
{
	enum { MANY = 300 };
	size_t count;
	(void)state;
	for (int i = 0; i < MANY; i++) {
		auto_free char *id = make(NULL, i);
	}
	struct record *records = records_list(containers, &count);
	size_t doubles = 0, odd = 0;
	for (size_t i = 0; i < count; i++) {
		odd += !strchr(records[i].name, '_');
		for (size_t j = 0; j < i; j++)
			doubles += !strcmp(records[i].name, records[j].name);
	}
	for (size_t i = 0; i < count; i++)
		record_free(&records[i]);
	free(records);
	assert_int_equal(count, MANY);
	assert_int_equal(doubles, 0);
	assert_int_equal(odd, 0);
}

/* A container whose id is chosen here. */
static void
plant(const char *id, const char *name)
{
	auto_record struct record record = blank(name);
	memcpy(record.id, id, sizeof(record.id));
	assert_int_equal(mkdirat(containers, id, 0700), 0);
	auto_close int dir =
		openat(containers, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(record_save(dir, &record), 0);
}

#define TAIL "0000000000000000000000000000000000000000000000000000000000"

static void
found(void **state)
{
	static const char *const words[][2] = {
		{ "one", "one" },	   { "two", "two" },
		{ "abc111" TAIL, "one" },  { "abc1", "one" },
		{ "abc222", "two" },	   { "abc2", "two" },
		/* A name, though it is the beginning of another's id. */
		{ "abc", "abc" },
		{ "f", "abc" },
		/* As `inspect` tells it. */
		{ "/one", "one" },	   { "/abc", "abc" },
	};
	static const char *const none[] = {
		"", "on", "onee", "ONE", "ABC1", "abc3", "bc111", "/", "..",
		"//one", "one/", "/abc1", "/abc111" TAIL, "/f",
		".", "../containers", "abc111" TAIL "0", "*", " one", "%s",
	};
	(void)state;
	plant("abc111" TAIL, "one");
	plant("abc222" TAIL, "two");
	plant("fff333" TAIL, "abc");
	for (size_t i = 0; i < countof(words); i++) {
		auto_record struct record record = { 0 };
		auto_close int dir = -1;
		if (record_find(containers, words[i][0], &record, &dir) < 0)
			fail_msg("%s", failure.text);
		assert_string_equal(record.name, words[i][1]);
		assert_int_equal(faccessat(dir, "record.json", R_OK, 0), 0);
	}
	for (size_t i = 0; i < countof(none); i++) {
		auto_record struct record record = { 0 };
		auto_close int dir = -1;
		if (record_find(containers, none[i], &record, &dir) == 0)
			fail_msg("\"%s\" is %s", none[i], record.name);
		assert_int_equal(dir, -1);
		assert_non_null(strstr(failure.text, "No such container: "));
	}
	auto_record struct record record = { 0 };
	auto_close int dir = -1;
	assert_int_equal(record_find(containers, "ab", &record, &dir), -1);
	assert_string_equal(failure.text,
			    "Multiple IDs found with provided prefix: ab");
	assert_null(record.name);
}

/* What lies about there besides containers is no container. */
static void
listed(void **state)
{
	size_t count;
	(void)state;
	struct record *records = records_list(containers, &count);
	free(records);
	assert_int_equal(count, 0);
	auto_free char *older = make("older", 100);
	auto_free char *newer = make("newer", 200);
	auto_free char *oldest = make("oldest", -5);
	assert_int_equal(mkdirat(containers, "short", 0700), 0);
	assert_int_equal(mkdirat(containers, "aaaaaa" TAIL, 0700), 0);
	assert_int_equal(symlinkat("/", containers, "bbbbbb" TAIL), 0);
	close(openat(containers, "cccccc" TAIL, O_WRONLY | O_CREAT, 0600));
	records = records_list(containers, &count);
	bool right = count == 3 && strcmp(records[0].id, newer) == 0 &&
		     strcmp(records[1].id, older) == 0 &&
		     strcmp(records[2].id, oldest) == 0;
	for (size_t i = 0; i < count; i++)
		record_free(&records[i]);
	free(records);
	assert_true(right);
}

static int
open_container(const char *id)
{
	int dir = openat(containers, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	return dir;
}

/* A child that holds the lock, until it is killed. */
static pid_t
start_holder(const char *id)
{
	int ready[2];
	char held = 0;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int lock, dir = open_container(id);
		held = record_lock(dir, &lock) == 1;
		(void)!write(ready[1], &held, 1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	(void)!read(ready[0], &held, 1);
	close(ready[0]);
	assert_int_equal(held, 1);
	return pid;
}

static void
locked_by_the_living(void **state)
{
	(void)state;
	auto_free char *id = make("web", 1);
	auto_close int dir = open_container(id);
	pid_t holder = start_holder(id);
	int lock = -1, lock2 = -1;
	int while_alive = record_lock(dir, &lock);
	int lock_while_alive = lock;
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	int when_dead = record_lock(dir, &lock);
	int again = record_lock(dir, &lock2);
	assert_int_equal(while_alive, 0);
	assert_int_equal(lock_while_alive, -1);
	assert_int_equal(when_dead, 1);
	assert_true(fcntl(lock, F_GETFD) & FD_CLOEXEC);
	/* Not even the same process gets it twice. */
	assert_int_equal(again, 0);
	close(lock);
	assert_int_equal(record_lock(dir, &lock2), 1);
	close(lock2);
}

/* The lock is a new container's from its first moment. */
static void
created_locked(void **state)
{
	(void)state;
	auto_record struct record record = blank("web");
	auto_close int dir = -1;
	auto_close int lock = -1;
	assert_int_equal(record_create(containers, &record, &dir, &lock), 0);
	int other = -1;
	assert_int_equal(record_lock(dir, &other), 0);
	close_scoped(&lock);
	assert_int_equal(record_lock(dir, &other), 1);
	close(other);
}

static void
removed(void **state)
{
	(void)state;
	auto_free char *id = make("web", 1);
	auto_free char *stays = make("stays", 2);
	auto_close int dir = open_container(id);
	assert_int_equal(mkdirat(dir, "upper", 0755), 0);
	assert_int_equal(symlinkat("../..", dir, "upper/up"), 0);
	assert_int_equal(symlinkat("/", dir, "upper/root"), 0);
	assert_int_equal(record_remove(containers, id), 0);
	assert_int_equal(faccessat(containers, id, F_OK, 0), -1);
	assert_int_equal(faccessat(containers, stays, F_OK, 0), 0);
	/* Whoever still has it open is told. */
	int lock = -1;
	assert_int_equal(record_lock(dir, &lock), -1);
	assert_int_equal(failure.code, ENOENT);
	/* The name is free, and what is gone can be removed again. */
	auto_free char *id2 = make("web", 3);
	assert_int_equal(record_remove(containers, id), 0);
	/* What is no id leads nowhere. */
	assert_int_equal(record_remove(containers, "../containers"), -1);
	assert_int_equal(faccessat(containers, stays, F_OK, 0), 0);
	assert_int_equal(faccessat(containers, id2, F_OK, 0), 0);
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(saved_and_loaded),	    EACH(truncated),
		EACH(drivers),
		EACH(broken),		    EACH(one_name_one_winner),
		EACH(refused_without_traces), EACH(invented_names),
		EACH(found),		    EACH(listed),
		EACH(locked_by_the_living), EACH(created_locked),
		EACH(removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
