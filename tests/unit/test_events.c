/* test_events.c - the line of an event, and the file of them. */
#include "events.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static const struct event die = {
	.type = "container",
	.action = "die",
	.id = "12ab",
	.attributes = (const char *const[]){ "exitCode", "137", "image",
					     "busybox", "left", NULL, "name",
					     "a\"b\\\n\xff\xc3\xa9", NULL },
};

static void
lines(void **state)
{
	(void)state;
	auto_free char *line = events_line(&die, 1700000000123456789);
	assert_string_equal(
		line,
		"{\"status\":\"die\",\"id\":\"12ab\",\"from\":\"busybox\","
		"\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":"
		"\"12ab\",\"Attributes\":{\"exitCode\":\"137\",\"image\":"
		"\"busybox\",\"name\":\"a\\\"b\\\\\\u000a\\ufffdé\"}},"
		"\"scope\":\"local\",\"time\":1700000000,\"timeNano\":"
		"1700000000123456789}\n");
	json_t *json = json_loads(line, 0, NULL);
	assert_non_null(json);
	json_decref(json);
	auto_free char *volume = events_line(
		&(struct event){ .type = "volume", .action = "create",
				 .id = "data" }, 0);
	assert_string_equal(volume,
			    "{\"Type\":\"volume\",\"Action\":\"create\","
			    "\"Actor\":{\"ID\":\"data\",\"Attributes\":{}},"
			    "\"scope\":\"local\",\"time\":0,\"timeNano\":0}\n");
}

/* Whatever bytes a name has, the line is JSON. */
static void
any_bytes(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (int turn = 0; turn < 5000; turn++) {
		char name[16] = "";
		for (size_t i = 0; i < sizeof(name) - 1; i++) {
			seed = seed * 1664525 + 1013904223;
			name[i] = (char)(seed >> 24);
		}
		auto_free char *line = events_line(
			&(struct event){ .type = "image", .action = "tag",
					 .id = name }, 1);
		json_t *json = json_loads(line, 0, NULL);
		assert_non_null(json);
		json_decref(json);
	}
}

/* How many lines it has, each of which is whole. */
static size_t
count_lines(const char *path)
{
	auto_file FILE *log = fopen(path, "re");
	auto_free char *line = NULL;
	size_t size = 0, count = 0;
	while (log && getline(&line, &size, log) > 0) {
		json_t *json = json_loads(line, 0, NULL);
		assert_non_null(json);
		json_decref(json);
		count++;
	}
	return count;
}

/* Eight tellers at once, over the size at which the file is moved away: no
 * line is torn, and those that are left are the newest. */
static void
many_tellers(void **state)
{
	char directory[] = "/tmp/mydocker-unit-events-XXXXXX";
	char name[200];
	(void)state;
	assert_non_null(mkdtemp(directory));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	const char *attributes[] = { "name", name, NULL };
	struct event event = { "container", "start", "1", attributes };
	for (int child = 0; child < 8; child++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < 600; i++)
			if (events_tell(directory, &event) < 0)
				_exit(1);
		_exit(0);
	}
	for (int child = 0; child < 8; child++) {
		int status;
		wait(&status);
		assert_int_equal(status, 0);
	}
	auto_free char *log = text("%s/" EVENTS_FILE, directory);
	auto_free char *old = text("%s/" EVENTS_OLD, directory);
	size_t count = count_lines(log) + count_lines(old);
	struct stat st;
	assert_int_equal(stat(old, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size >= 1 << 20);
	assert_int_equal(count, 8 * 600);
	unlink(log);
	unlink(old);
	assert_int_equal(rmdir(directory), 0);
}

static void
no_place(void **state)
{
	(void)state;
	assert_int_equal(events_tell("/no/such/place", &die), -1);
	assert_non_null(strstr(failure.text, "/no/such/place/events.log"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(many_tellers),
		cmocka_unit_test(no_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
