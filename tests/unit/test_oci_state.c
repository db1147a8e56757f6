/* test_oci_state.c - what is told of a container, and what it may be called. */
#include "oci_state.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
state_as_json(void **unused)
{
	(void)unused;
	struct oci_pair pairs[] = { { "a.b", "c" }, { "d", "\"" } };
	struct oci_state state = {
		.id = "web", .status = OCI_RUNNING, .pid = 4422,
		.bundle = "/bundles/web", .annotations = { pairs, 2 },
	};
	auto_free char *text = oci_state_json(&state, false);
	assert_string_equal(
		text, "{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"status\":"
		      "\"running\",\"pid\":4422,\"bundle\":\"/bundles/web\","
		      "\"annotations\":{\"a.b\":\"c\",\"d\":\"\\\"\"}}");
	auto_free char *pretty = oci_state_json(&state, true);
	assert_non_null(strstr(pretty, "\n  \"id\": \"web\""));
	state.annotations.count = 0;
	state.status = OCI_STOPPED;
	state.pid = 0;
	auto_free char *stopped = oci_state_json(&state, false);
	assert_non_null(strstr(stopped, "\"stopped\",\"pid\":0,"));
	assert_non_null(strstr(stopped, "\"annotations\":{}"));
	state.bundle = "/\xff";
	assert_null(oci_state_json(&state, false));
	assert_string_equal(failure.text,
			    "state of web: a text is not UTF-8");
	state.bundle = "/";
	pairs[0].value = "\xff";
	state.annotations.count = 1;
	assert_null(oci_state_json(&state, false));
}

static void
for_an_agent(void **unused)
{
	(void)unused;
	const struct oci_state state = {
		.id = "web", .status = OCI_CREATING, .pid = 7, .bundle = "/b",
	};
	auto_free char *with = oci_seccomp_state_json(&state, "m");
	assert_string_equal(
		with, "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],"
		      "\"pid\":7,\"metadata\":\"m\",\"state\":{"
		      "\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"status\":"
		      "\"creating\",\"pid\":7,\"bundle\":\"/b\","
		      "\"annotations\":{}}}");
	auto_free char *without = oci_seccomp_state_json(&state, NULL);
	assert_null(strstr(without, "metadata"));
	assert_null(oci_seccomp_state_json(&state, "\xff"));
}

static void
every_status_has_a_name(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < OCI_STATUSES; i++)
		assert_non_null(oci_status_names[i]);
}

static void
ids(void **unused)
{
	(void)unused;
	static const char *const good[] = { "a", "web-1", "A_b+c.d", "...",
					    "-", "0123456789abcdef" };
	static const char *const bad[] = { "", ".", "..", "a/b", "../x", "/",
					   "a b", "a\n", "\xc3\xa9", "a\\", "*",
					   "a:b", "~" };
	for (size_t i = 0; i < countof(good); i++)
		if (oci_id_check(good[i]) < 0)
			fail_msg("%s", failure.text);
	for (size_t i = 0; i < countof(bad); i++)
		if (oci_id_check(bad[i]) == 0)
			fail_msg("taken: \"%s\"", bad[i]);
	char longest[257];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[256] = '\0';
	assert_int_equal(oci_id_check(longest), -1);
	longest[255] = '\0';
	assert_int_equal(oci_id_check(longest), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_as_json),
		cmocka_unit_test(for_an_agent),
		cmocka_unit_test(every_status_has_a_name),
		cmocka_unit_test(ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
