/* test_filters.c - --filter. */
#include "filters.h"

#include <string.h>

#include "test.h"

static struct filters
filters_of(const char *const *values)
{
	struct filters filters = { 0 };
	for (; *values; values++)
		assert_int_equal(filters_add(&filters, *values), 0);
	return filters;
}
#define FILTERS(...) \
	filters_of((const char *const[]){ __VA_ARGS__, NULL })

static void
taking(void **state)
{
	static const char *const known[] = { "status", "label", NULL };
	(void)state;
	auto_filters struct filters good =
		FILTERS(" Status = running", "label=a=b");
	assert_string_equal(good.list.items[0], "status=running");
	assert_string_equal(good.list.items[1], "label=a=b");
	assert_int_equal(filters_check(&good, known), 0);
	assert_true(filters_have(&good, "status"));
	assert_false(filters_have(&good, "stat"));
	auto_filters struct filters bad = FILTERS("foo=bar");
	assert_int_equal(filters_check(&bad, known), -1);
	assert_string_equal(failure.text, "invalid filter 'foo'");
	assert_int_equal(filters_add(&bad, "status"), -1);
	assert_string_equal(failure.text, "invalid filter 'status'");
}

static void
values(void **state)
{
	(void)state;
	auto_filters struct filters filters =
		FILTERS("status=exited", "status=dead", "name=^we", "id=12");
	assert_true(filters_fit_text(&filters, "status", "dead"));
	assert_false(filters_fit_text(&filters, "status", "running"));
	assert_true(filters_fit_text(&filters, "health", "anything"));
	assert_true(filters_fit_pattern(&filters, "name", "web"));
	assert_false(filters_fit_pattern(&filters, "name", "aweb"));
	assert_true(filters_fit_beginning(&filters, "id", "1234"));
	assert_false(filters_fit_beginning(&filters, "id", "0123"));
	/* No pattern at all: a part of the name. */
	auto_filters struct filters odd = FILTERS("name=a(");
	assert_true(filters_fit_pattern(&odd, "name", "xa(y"));
	assert_false(filters_fit_pattern(&odd, "name", "xay"));
}

static void
labels(void **state)
{
	static char a[] = "a=1", b[] = "b=", c[] = "c";
	char *const own[] = { a, b, c, NULL };
	static const struct {
		const char *first, *second;
		bool fits;
	} cases[] = {
		{ "label=a", "label=b", true },
		{ "label=a=1", "label=c", true },
		{ "label=a=2", "label=a", false },
		{ "label=a", "label=d", false }, /* all of them */
		{ "label!=d", "label=a", true },
		{ "label!=a", "label=b", false },
		{ "label!=a=2", "label=b=", true },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_filters struct filters filters =
			FILTERS(cases[i].first, cases[i].second);
		assert_int_equal(filters_fit_labels(&filters, own),
				 cases[i].fits);
	}
	auto_filters struct filters any = FILTERS("label=a");
	assert_false(filters_fit_labels(&any, NULL));
}

static void
other_kinds(void **state)
{
	bool is_set, value;
	int64_t when = 7;
	(void)state;
	auto_filters struct filters filters =
		FILTERS("dangling=true", "until=1700000000", "bad=maybe");
	assert_int_equal(filters_get_bool(&filters, "dangling", &is_set,
					  &value), 0);
	assert_true(is_set && value);
	assert_int_equal(filters_get_bool(&filters, "none", &is_set, &value),
			 0);
	assert_false(is_set);
	assert_int_equal(filters_get_bool(&filters, "bad", &is_set, &value),
			 -1);
	assert_string_equal(failure.text, "invalid filter 'bad=maybe'");
	assert_int_equal(filters_get_time(&filters, "since", &when), 0);
	assert_int_equal(when, 7);
	assert_int_equal(filters_get_time(&filters, "until", &when), 0);
	assert_int_equal(when, 1700000000000000000);
	assert_int_equal(filters_get_time(&filters, "bad", &when), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taking),
		cmocka_unit_test(values),
		cmocka_unit_test(labels),
		cmocka_unit_test(other_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
