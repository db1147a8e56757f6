/* test_table.c - columns, and lists by a format. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static char *
columns(const char *lines)
{
	char *out = NULL;
	size_t size;
	FILE *stream = open_memstream(&out, &size);
	table_print(lines, 10, stream);
	fclose(stream);
	return out;
}

static void
widths(void **state)
{
	static const char *const cases[][2] = {
		{ "A\tB\nlonger than ten\tx\n",
		  "A                 B\nlonger than ten   x\n" },
		{ "ID\tNAME\n1\tx\n", "ID        NAME\n1         x\n" },
		{ "1234567\tx\n12345678\tx\n",
		  "1234567    x\n12345678   x\n" },
		/* Characters count, not bytes. */
		{ "é…é…é…é…é\tx\na\ty\n", "é…é…é…é…é   x\na           y\n" },
		{ "a\t\tb\n", "a                   b\n" },
		{ "no columns\n", "no columns\n" },
		{ "", "" },
		{ "a\tb", "a         b\n" },
		/* A line without a cell there ends the column. */
		{ "a very long cell\tx\nplain\nb\ty\n",
		  "a very long cell   x\nplain\nb         y\n" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *out = columns(cases[i][0]);
		assert_string_equal(out, cases[i][1]);
	}
}

static const struct heading headings[] = {
	{ "ID", "THING ID" }, { "Name", "NAME" }, { NULL, NULL },
};
static const struct listing listing = {
	.table = "{{.ID}}\t{{.Name}}",
	.quiet = "{{.ID}}",
	.type = "*test.Thing",
	.headings = headings,
};

static char *
listed(const char *format, bool quiet, const char *rows_text)
{
	json_t *rows = json_loads(rows_text, 0, NULL);
	char *out = NULL;
	size_t size;
	FILE *stream = open_memstream(&out, &size);
	int result = listing_print(&listing, format, quiet, rows, stream);
	fclose(stream);
	json_decref(rows);
	if (result == 0)
		return out;
	assert_string_equal(out, ""); /* nothing of it is printed */
	free(out);
	return text("! %s", failure.text);
}

static void
formats(void **state)
{
	static const char rows[] = "[{\"ID\":\"1\",\"Name\":\"a\"},"
				   "{\"ID\":\"2\",\"Name\":\"b\"}]";
	static const struct {
		const char *format;
		bool quiet;
		const char *expected;
	} cases[] = {
		{ "", false, "THING ID   NAME\n1          a\n2          b\n" },
		{ "table", false,
		  "THING ID   NAME\n1          a\n2          b\n" },
		{ "", true, "1\n2\n" },
		{ "{{.Name}}", true, "1\n2\n" },
		{ "{{.Name}}", false, "a\nb\n" },
		{ "{{.ID}}\\t{{.Name}}\\n", false, "1\ta\n\n2\tb\n\n" },
		{ "table {{.Name}}\\t{{.ID}}", false,
		  "NAME      THING ID\na         1\nb         2\n" },
		{ "table {{upper .Name}}", false, "NAME\nA\nB\n" },
		{ "json", false, "{\"ID\":\"1\",\"Name\":\"a\"}\n"
				 "{\"ID\":\"2\",\"Name\":\"b\"}\n" },
		{ "{{.Nope}}", false,
		  "! template parsing error: template: :1:2: executing \"\" "
		  "at <.Nope>: can't evaluate field Nope in type *test.Thing" },
		{ "{{", false, "! template parsing error: template: :1: "
			       "unclosed action" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *out = listed(cases[i].format, cases[i].quiet,
					     rows);
		assert_string_equal(out, cases[i].expected);
	}
}

static void
no_rows(void **state)
{
	(void)state;
	auto_free char *titles = listed("", false, "[]");
	assert_string_equal(titles, "THING ID   NAME\n");
	auto_free char *nothing = listed("{{.Name}}", false, "[]");
	assert_string_equal(nothing, "");
	/* What is no template is one also where there is nothing to show. */
	auto_free char *wrong = listed("{{", false, "[]");
	assert_string_equal(wrong, "! template parsing error: template: :1: "
				   "unclosed action");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widths),
		cmocka_unit_test(formats),
		cmocka_unit_test(no_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
