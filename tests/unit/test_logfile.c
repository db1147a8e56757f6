/* test_logfile.c - a log is read: its end, its parts, and as it grows. */
#include "logfile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static int dir;

static void
add(const char *name, const char *content)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

static void
add_entries(const char *name, int first, int last)
{
	for (int i = first; i <= last; i++) {
		auto_free char *line =
			text("{\"log\":\"%d\\n\",\"stream\":\"stdout\","
			     "\"time\":\"2026-01-02T12:04:05Z\"}\n", i);
		add(name, line);
	}
}

/* What there is to read now, as "1 2 3 ". */
static void
expect(struct logfile *log, const char *due)
{
	auto_free char *all = copy_text("");
	struct jsonlog_entry entry;
	while (logfile_next(log, &entry) > 0) {
		auto_free char *before = all;
		all = text("%s%.*s ", before, (int)entry.length - 1,
			   entry.log);
	}
	assert_string_equal(all, due);
}

static int
set_up(void **state)
{
	*state = NULL;
	static char path[] = "/tmp/test-logfile-XXXXXX";
	strcpy(path + strlen(path) - 6, "XXXXXX");
	dir = open(mkdtemp(path), O_RDONLY | O_DIRECTORY);
	*state = path;
	return dir < 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "i-json.log", "i-json.log.1",
					     "i-json.log.2", "i-json.log.3" };
	for (size_t i = 0; i < countof(names); i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	return rmdir(*state);
}

static void
tails_reach_into_older_parts(void **state)
{
	(void)state;
	add_entries("i-json.log.2", 1, 2);
	add_entries("i-json.log.1", 3, 5);
	add_entries("i-json.log", 6, 7);
	static const char *const due[] = {
		"", "7 ", "6 7 ", "5 6 7 ", "4 5 6 7 ", "3 4 5 6 7 ",
		"2 3 4 5 6 7 ", "1 2 3 4 5 6 7 ", "1 2 3 4 5 6 7 ",
	};
	int open_before = count_descriptors();
	for (int tail = -1; tail < (int)countof(due); tail++) {
		struct logfile log;
		assert_int_equal(logfile_open(&log, dir, "i", tail), 0);
		expect(&log, tail < 0 ? due[7] : due[tail]);
		logfile_close(&log);
	}
	assert_int_equal(count_descriptors(), open_before);
}

static void
tails_of_many_blocks(void **state)
{
	(void)state;
	add_entries("i-json.log", 10000, 13000);
	struct logfile log;
	assert_int_equal(logfile_open(&log, dir, "i", 2500), 0);
	struct jsonlog_entry entry;
	assert_int_equal(logfile_next(&log, &entry), 1);
	assert_memory_equal(entry.log, "10501\n", 6);
	logfile_close(&log);
}

static void
it_is_followed_across_rotations(void **state)
{
	(void)state;
	struct logfile log;
	assert_int_equal(logfile_open(&log, dir, "i", -1), 0);
	expect(&log, "");
	add_entries("i-json.log", 1, 1);
	expect(&log, "1 ");
	/* Half of a line is none, and is one when the rest has come. */
	add("i-json.log", "{\"log\":\"2\\n\",\"stre");
	expect(&log, "");
	add("i-json.log", "am\":\"stdout\","
			  "\"time\":\"2026-01-02T12:04:05Z\"}\n");
	expect(&log, "2 ");
	/* Written behind our back, and moved away twice. */
	add_entries("i-json.log", 3, 3);
	renameat(dir, "i-json.log", dir, "i-json.log.2");
	add_entries("i-json.log.1", 4, 5);
	add_entries("i-json.log", 6, 6);
	expect(&log, "3 4 5 6 ");
	/* Moved so often that our part is gone. */
	unlinkat(dir, "i-json.log", 0);
	unlinkat(dir, "i-json.log.1", 0);
	unlinkat(dir, "i-json.log.2", 0);
	add_entries("i-json.log.1", 8, 8);
	add_entries("i-json.log", 9, 9);
	expect(&log, "8 9 ");
	/* Emptied by its owner. */
	int fd = openat(dir, "i-json.log", O_WRONLY | O_TRUNC);
	close(fd);
	expect(&log, "");
	add_entries("i-json.log", 10, 10);
	expect(&log, "10 ");
	logfile_close(&log);
}

static void
what_is_torn_is_passed_over(void **state)
{
	(void)state;
	add_entries("i-json.log", 1, 1);
	add("i-json.log", "{\"log\":\"torn\n");
	add_entries("i-json.log", 2, 2);
	add("i-json.log", "{\"log\":\"last");
	struct logfile log;
	assert_int_equal(logfile_open(&log, dir, "i", -1), 0);
	expect(&log, "1 2 ");
	logfile_close(&log);
	assert_int_equal(logfile_open(&log, dir, "i", 1), 0);
	expect(&log, "2 ");
	logfile_close(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tails_reach_into_older_parts,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(tails_of_many_blocks, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			it_is_followed_across_rotations, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_torn_is_passed_over,
						set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
