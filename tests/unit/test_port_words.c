/* test_port_words.c - the column PORTS, in Docker's order and ranges. */
#include "test.h"

#include <jansson.h>
#include <stdlib.h>

#include "port_words.h"

static void
ports_in_docker_order(void **state)
{
	static const struct {
		const char *json, *words;
	} rows[] = {
		{ "{}", "" },
		{ "{'80/tcp': null}", "80/tcp" },
		{ "{'81/tcp': null, '80/tcp': null, '83/tcp': null}",
		  "80-81/tcp, 83/tcp" },
		/* A group that ends comes before those that go on. */
		{ "{'1/tcp': null, '2/udp': null, '3/tcp': null}",
		  "1/tcp, 3/tcp, 2/udp" },
		{ "{'80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '80'}],"
		  " '81/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '81'}],"
		  " '82/tcp': [{'HostIp': '127.0.0.1', 'HostPort': '82'}],"
		  " '5/tcp': null}",
		  "5/tcp, 0.0.0.0:80-81->80-81/tcp, 127.0.0.1:82->82/tcp" },
		/* Those that have another number stand for themselves, last. */
		{ "{'1/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '8001'}],"
		  " '2/tcp': [{'HostIp': '0.0.0.0', 'HostPort': '8002'},"
		  "           {'HostIp': '::', 'HostPort': '8002'}],"
		  " '9/udp': null, '10/udp': null}",
		  "9-10/udp, 0.0.0.0:8001->1/tcp, 0.0.0.0:8002->2/tcp, "
		  "[::]:8002->2/tcp" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char copy[512];
		snprintf(copy, sizeof(copy), "%s", rows[i].json);
		for (char *c = copy; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		json_t *json = json_loads(copy, 0, NULL);
		assert_non_null(json);
		char *words = port_words(json);
		assert_string_equal(words, rows[i].words);
		free(words);
		json_decref(json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_in_docker_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
