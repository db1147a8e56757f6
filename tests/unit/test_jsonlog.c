/* test_jsonlog.c - a line of a log, byte for byte as Docker writes it. */
#include "jsonlog.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static const struct timespec noon = { 1767355445, 600000000 };

static char line[JSONLOG_MOST];

static size_t
encode(const char *bytes, size_t length, bool is_last)
{
	size_t used = jsonlog_encode(line, "stdout", bytes, length, is_last,
				     &noon);
	assert_true(used < sizeof(line));
	line[used] = '\0';
	return used;
}

static void
lines_are_what_docker_writes(void **state)
{
	(void)state;
	static const struct {
		const char *said, *written;
	} cases[] = {
		{ "hello", "hello" },
		{ "", "" },
		{ "a\tb\x01\x1f\x7f", "a\\u0009b\\u0001\\u001f\x7f" },
		{ "<a href=\"x\">&\\\r", "\\u003ca href=\\\"x\\\"\\u003e\\u0026"
					 "\\\\\\r" },
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3",
		  "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029" },
		/* Each byte that is no part of a character, by itself. */
		{ "\xff", "\\ufffd" },
		{ "\xc3(", "\\ufffd(" },
		{ "\xc3", "\\ufffd" },
		{ "\xc0\x80", "\\ufffd\\ufffd" },
		{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" },
		{ "\xe0\x80\x80", "\\ufffd\\ufffd\\ufffd" },
		{ "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
		{ "\xf0\x9f\x90", "\\ufffd\\ufffd\\ufffd" },
		{ "\xf5", "\\ufffd" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		encode(cases[i].said, strlen(cases[i].said), true);
		auto_free char *due =
			text("{\"log\":\"%s\\n\",\"stream\":\"stdout\",\"time\""
			     ":\"2026-01-02T12:04:05.6Z\"}\n",
			     cases[i].written);
		assert_string_equal(line, due);
	}
}

static void
only_the_last_piece_ends_a_line(void **state)
{
	(void)state;
	encode("abc", 3, false);
	assert_non_null(strstr(line, "\"log\":\"abc\",\"stream\""));
	/* Docker leaves out what is empty. */
	encode("", 0, false);
	assert_memory_equal(line, "{\"stream\"", 9);
}

static void
the_worst_piece_has_room(void **state)
{
	(void)state;
	auto_free char *piece = new_bytes(JSONLOG_PIECE);
	memset(piece, 0xff, JSONLOG_PIECE);
	encode(piece, JSONLOG_PIECE, true);
}

static void
times_are_as_long_as_it_takes(void **state)
{
	(void)state;
	static const struct {
		struct timespec time;
		const char *brief, *full;
	} cases[] = {
		{ { 0, 0 }, "1970-01-01T00:00:00Z",
		  "1970-01-01T00:00:00.000000000Z" },
		{ { 951782400, 1 }, "2000-02-29T00:00:00.000000001Z",
		  "2000-02-29T00:00:00.000000001Z" },
		{ { 951782400, 10 }, "2000-02-29T00:00:00.00000001Z",
		  "2000-02-29T00:00:00.000000010Z" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		char stamp[JSONLOG_TIME];
		jsonlog_time(stamp, &cases[i].time, true);
		assert_string_equal(stamp, cases[i].brief);
		jsonlog_time(stamp, &cases[i].time, false);
		assert_string_equal(stamp, cases[i].full);
	}
}

/* Whatever bytes: what comes back is what another reader of JSON finds. */
static void
what_was_written_is_read(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 2000; round++) {
		char bytes[200];
		size_t length = random() % sizeof(bytes);
		for (size_t i = 0; i < length; i++)
			bytes[i] = random() % 3 ? random() : "\"\\\n<\xc3\xbc"
						  [random() % 6];
		size_t used = encode(bytes, length, round % 2);
		json_t *json = json_loadb(line, used, JSON_ALLOW_NUL, NULL);
		assert_non_null(json);
		json_t *log = json_object_get(json, "log");
		struct jsonlog_entry entry;
		assert_true(jsonlog_decode(line, used - 1, &entry));
		assert_int_equal(entry.length, json_string_length(log));
		if (entry.length)
			assert_memory_equal(entry.log, json_string_value(log),
					    entry.length);
		assert_int_equal(entry.time.tv_sec, noon.tv_sec);
		assert_int_equal(entry.time.tv_nsec, noon.tv_nsec);
		json_decref(json);
	}
}

static void
others_write_more(void **state)
{
	(void)state;
	char other[] = "{\"log\":\"\\ud83d\\udc33\\t\\/\\ud800\",\"stream\":"
		       "\"stderr\",\"attrs\":{\"tag\":\"}\\\"\"},\"time\":"
		       "\"2026-01-02T12:04:05Z\"}";
	struct jsonlog_entry entry;
	assert_true(jsonlog_decode(other, strlen(other), &entry));
	assert_true(entry.is_errors);
	assert_int_equal(entry.length, 9);
	assert_memory_equal(entry.log, "\xf0\x9f\x90\xb3\t/\xef\xbf\xbd", 9);
	assert_int_equal(entry.attributes_length, 13);
	assert_int_equal(entry.time.tv_nsec, 0);
}

/* Every beginning of a line is none, and none is read beyond its end. */
static void
torn_lines_are_none(void **state)
{
	(void)state;
	size_t used = encode("a\"\xff\\", 4, true) - 1;
	for (size_t length = 0; length < used; length++) {
		char *torn = new_bytes(length);
		struct jsonlog_entry entry;
		memcpy(torn, line, length);
		assert_false(jsonlog_decode(torn, length, &entry));
		free(torn);
	}
	static const char *const bad[] = {
		"{}", "[]", "{\"log\":1}", "{\"log\":\"\\x\"}", "null",
		"{\"time\":\"yesterday, or the day before\"}",
		"{\"time\":\"2026-01-02 12:04:05Z\"}",
		"{\"log\":\"\\u12\"}", "{\"log\":\"a\" \"b\"}",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		auto_free char *copy = copy_text(bad[i]);
		struct jsonlog_entry entry;
		assert_false(jsonlog_decode(copy, strlen(copy), &entry));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_what_docker_writes),
		cmocka_unit_test(only_the_last_piece_ends_a_line),
		cmocka_unit_test(the_worst_piece_has_room),
		cmocka_unit_test(times_are_as_long_as_it_takes),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(others_write_more),
		cmocka_unit_test(torn_lines_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
