/* test_oci_json.c - documents, numbers of all sizes, and paths. */
#include "oci_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static int
parse(struct oci_document *document, const char *content)
{
	failure = (struct failure){ 0 };
	return oci_document_parse(document, "x.json", content,
				  strlen(content));
}

/* The number that is "n", from `min` to `max`; the failure otherwise. */
static int
number(const char *content, int64_t min, uint64_t max, uint64_t *value)
{
	struct oci_document document;
	if (parse(&document, content) < 0)
		fail_msg("%s: %s", content, failure.text);
	struct oci_node root = oci_root(&document), n;
	assert_true(oci_member(&root, "n", &n));
	int result = oci_integer(&n, min, max, value);
	oci_document_free(&document);
	oci_document_free(&document); /* twice is no harm */
	return result;
}

static void
numbers(void **state)
{
	(void)state;
	uint64_t value;
	assert_int_equal(number("{\"n\":18446744073709551615}", 0, UINT64_MAX,
				&value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(number("{\"n\": 9223372036854775808 }", 0,
				UINT64_MAX, &value), 0);
	assert_true(value == (uint64_t)INT64_MAX + 1);
	assert_int_equal(number("{\"n\":9223372036854775807}", 0, UINT64_MAX,
				&value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(number("{\"n\":-9223372036854775808}", INT64_MIN,
				INT64_MAX, &value), 0);
	assert_true((int64_t)value == INT64_MIN);
	assert_int_equal(number("{\"n\":18446744073709551615}", 0, INT64_MAX,
				&value), -1);
	assert_string_equal(failure.text,
			    "n: 18446744073709551615 is out of range: 0 to "
			    "9223372036854775807");
	assert_int_equal(number("{\"n\":-2}", -1, 100, &value), -1);
	assert_string_equal(failure.text, "n: -2 is out of range: -1 to 100");
	assert_int_equal(number("{\"n\":101}", -1, 100, &value), -1);
	assert_int_equal(number("{\"n\":1.0}", 0, 100, &value), -1);
	assert_string_equal(failure.text, "n: is a number with a fraction, "
					  "must be an integer");
	assert_int_equal(number("{\"n\":\"1\"}", 0, 100, &value), -1);
	assert_string_equal(failure.text, "n: is a string, must be an "
					  "integer");
}

/* What looks like a number within a text stays as it is, quotes and all. */
static void
texts(void **state)
{
	(void)state;
	struct oci_document document;
	assert_int_equal(parse(&document,
			       "{\"a\":\"\\\" 18446744073709551615 \\\\\","
			       "\"18446744073709551615\":[]}"), 0);
	struct oci_node root = oci_root(&document), a, big;
	assert_true(oci_member(&root, "a", &a));
	assert_string_equal(oci_text(&a), "\" 18446744073709551615 \\");
	assert_true(oci_member(&root, "18446744073709551615", &big));
	assert_null(oci_text(&big));
	assert_string_equal(failure.text,
			    "18446744073709551615: is an array, must be a "
			    "string");
	oci_document_free(&document);
	assert_int_equal(parse(&document, "{\"a\":18446744073709551615}"), 0);
	root = oci_root(&document);
	assert_true(oci_member(&root, "a", &a));
	assert_null(oci_text(&a));
	assert_string_equal(failure.text, "a: is an integer, must be a "
					  "string");
	oci_document_free(&document);
}

static void
refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "{", "{\"a\":1,\"a\":2}", "{\"a\":1}x", "{\"a\":\"\\",
		"{\"a\":\"\xff\"}", "{\"a\":\"\\u0000\"}", "{\"a\":01}",
		"{\"a\":18446744073709551616}", "{\"a\":-9223372036854775809}",
		"{\"a\":\"", "{'a':1}", "5", "\"text\"",
		"{18446744073709551615 :1}",
		"{\"n\":18446744073709551615.5e",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct oci_document document;
		if (parse(&document, bad[i]) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_memory_equal(failure.text, "x.json: line ", 13);
		oci_document_free(&document);
	}
}

static void
absent(void **state)
{
	(void)state;
	struct oci_document document;
	assert_int_equal(parse(&document, "{\"a\":null,\"b\":{}}"), 0);
	struct oci_node root = oci_root(&document), child;
	assert_false(oci_member(&root, "a", &child));
	assert_false(oci_member(&root, "c", &child));
	assert_true(oci_member(&root, "b", &child));
	oci_document_free(&document);
}

static void
paths(void **state)
{
	(void)state;
	struct oci_document document;
	assert_int_equal(parse(&document, "{}"), 0);
	struct oci_node root = oci_root(&document);
	struct oci_node a = { &document, &root, "linux", 0, NULL };
	struct oci_node b = { &document, &a, NULL, 12, NULL };
	struct oci_node c = { &document, &b, "net.core", 0, NULL };
	struct oci_node d = { &document, &c, "x_1", 0, NULL };
	auto_free char *path = oci_path(&d);
	assert_string_equal(path, "linux[12][\"net.core\"].x_1");
	assert_int_equal(oci_fail(&d, "is %d", 5), -1);
	assert_string_equal(failure.text,
			    "linux[12][\"net.core\"].x_1: is 5");
	assert_int_equal(oci_fail(&root, "is %d", 5), -1);
	assert_string_equal(failure.text, "is 5");
	oci_warn(&b, "first");
	oci_warn(&a, "second");
	assert_string_equal(document.warnings->text, "linux[12]: first");
	assert_string_equal(document.warnings->next->text, "linux: second");
	assert_null(document.warnings->next->next);
	oci_document_free(&document);
}

/* A bundle may have anything in the place of the file. */
static void
files(void **state)
{
	(void)state;
	char top[] = "/tmp/unit-oci-json.XXXXXX";
	assert_non_null(mkdtemp(top));
	int before = count_descriptors();
	auto_close int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_document document;
	assert_int_equal(oci_document_read(&document, dir, "none"), -1);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(oci_document_read(&document, dir, "fifo"), -1);
	assert_string_equal(failure.text, "read fifo: not a file");
	assert_int_equal(mkdirat(dir, "dir", 0700), 0);
	assert_int_equal(oci_document_read(&document, dir, "dir"), -1);
	auto_close int large = openat(dir, "large", O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(large, OCI_DOCUMENT_MAX + 1), 0);
	assert_int_equal(oci_document_read(&document, dir, "large"), -1);
	assert_string_equal(failure.text, "read large: larger than 4 MiB");
	assert_int_equal(ftruncate(large, 0), 0);
	assert_int_equal(write(large, "{\"a\":\"b\"}", 9), 9);
	assert_int_equal(oci_document_read(&document, dir, "large"), 0);
	struct oci_node root = oci_root(&document), a;
	assert_true(oci_member(&root, "a", &a));
	assert_string_equal(oci_text(&a), "b");
	oci_document_free(&document);
	assert_int_equal(count_descriptors(), before + 2);
	unlinkat(dir, "large", 0);
	unlinkat(dir, "fifo", 0);
	unlinkat(dir, "dir", AT_REMOVEDIR);
	rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers), cmocka_unit_test(texts),
		cmocka_unit_test(refused), cmocka_unit_test(absent),
		cmocka_unit_test(paths),   cmocka_unit_test(files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
