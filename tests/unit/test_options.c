/* test_options.c - command lines as people type them, and the wrong ones. */
#include "options.h"

#include <string.h>

#include "test.h"

/* What the rows below have taken. */
struct taken {
	bool interactive, tty, bare;
	const char *memory, *name;
	int calls;
};

static int
take_memory(void *data, const char *value)
{
	struct taken *taken = data;
	taken->memory = value;
	taken->calls++;
	return strcmp(value, "bad") == 0 ? failx("it is bad") : 0;
}

static int
take_name(void *data, const char *value)
{
	struct taken *taken = data;
	taken->name = value;
	taken->calls++;
	return 0;
}

static const struct option_row rows[] = {
	SWITCH('i', "interactive", "Keep it open", struct taken, interactive),
	SWITCH('t', "tty", "A terminal", struct taken, tty),
	SWITCH(0, "bare", "No letter", struct taken, bare),
	{ 'm', "memory", "SIZE", "How much", take_memory, 0 },
	{ 0, "name", "NAME", "A name", take_name, 0 },
	{ 0 },
};

#define WORDS_MAX 8

/* The words after the verb, up to a NULL. */
static int
parse(struct taken *taken, const char *const *words)
{
	char *argv[WORDS_MAX + 2] = { (char *)"run" };
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	*taken = (struct taken){ 0 };
	return options_parse(rows, argc, argv, taken);
}
#define PARSE(taken, ...) \
	parse(taken, (const char *const[WORDS_MAX + 1]){ __VA_ARGS__ })

/* As runc has it; `order` becomes all words, "a b", as they are afterwards. */
static int
parse_go(struct taken *taken, bool anywhere, char *order,
	 const char *const *words)
{
	char *argv[WORDS_MAX + 2] = { (char *)"run" };
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	*taken = (struct taken){ 0 };
	int first = options_parse_go(rows, argc, argv, taken, anywhere);
	*order = '\0';
	for (int i = first; first > 0 && i < argc; i++)
		sprintf(strchr(order, '\0'), "%s%s", i > first ? " " : "",
			argv[i]);
	return first;
}
#define PARSE_GO(taken, anywhere, order, ...) \
	parse_go(taken, anywhere, order, \
		 (const char *const[WORDS_MAX + 1]){ __VA_ARGS__ })

static void
switches(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(PARSE(&taken, "-i", "-t", "image"), 3);
	assert_int_equal(taken.interactive + taken.tty, 2);
	assert_int_equal(PARSE(&taken, "-it", "image"), 2);
	assert_int_equal(taken.interactive + taken.tty, 2);
	assert_int_equal(PARSE(&taken, "-tti"), 2);
	assert_int_equal(taken.interactive + taken.tty, 2);
	assert_int_equal(PARSE(&taken, "--interactive", "--bare", "x"), 3);
	assert_int_equal(taken.interactive + taken.bare, 2);
	assert_int_equal(taken.tty, 0);
	/* The last one counts. */
	assert_int_equal(PARSE(&taken, "-i", "--interactive=false"), 3);
	assert_int_equal(taken.interactive, 0);
	assert_int_equal(PARSE(&taken, "--bare=1", "-t=True", "-i=F"), 4);
	assert_int_equal(taken.bare + taken.tty, 2);
	assert_int_equal(taken.interactive, 0);
	/* Only what follows the "=" is its value. */
	assert_int_equal(PARSE(&taken, "--bare", "false"), 2);
	assert_int_equal(taken.bare, 1);
}

static void
values(void **state)
{
	static const char *const forms[][3] = {
		{ "-m64m" },	     { "-m=64m" },	 { "-m", "64m" },
		{ "--memory=64m" }, { "--memory", "64m" },
		{ "-itm64m" },	     { "-itm=64m" },	 { "-itm", "64m" },
	};
	struct taken taken;
	(void)state;
	for (size_t i = 0; i < countof(forms); i++) {
		int first = parse(&taken, forms[i]);
		if (first != (forms[i][1] ? 3 : 2))
			fail_msg("%s: %d, %s", forms[i][0], first,
				 failure.text);
		assert_string_equal(taken.memory, "64m");
	}
	/* A value may be empty, or look like an option or like the end. */
	assert_int_equal(PARSE(&taken, "-m=", "image"), 2);
	assert_string_equal(taken.memory, "");
	assert_int_equal(PARSE(&taken, "--name=", "image"), 2);
	assert_string_equal(taken.name, "");
	assert_int_equal(PARSE(&taken, "--name", "", "image"), 3);
	assert_string_equal(taken.name, "");
	assert_int_equal(PARSE(&taken, "--name", "--bare", "image"), 3);
	assert_string_equal(taken.name, "--bare");
	assert_int_equal(taken.bare, 0);
	assert_int_equal(PARSE(&taken, "--name", "--", "image"), 3);
	assert_string_equal(taken.name, "--");
	assert_int_equal(PARSE(&taken, "--name=a=b"), 2);
	assert_string_equal(taken.name, "a=b");
	assert_int_equal(PARSE(&taken, "-m", "-5"), 3);
	assert_string_equal(taken.memory, "-5");
}

/* One "-" is as good as two, where that is the name of an option. */
static void
one_dash(void **state)
{
	struct taken taken;
	char order[100];
	(void)state;
	assert_int_equal(PARSE_GO(&taken, false, order, "-bare", "x"), 2);
	assert_int_equal(taken.bare, 1);
	assert_int_equal(PARSE_GO(&taken, false, order, "-name", "web"), 3);
	assert_string_equal(taken.name, "web");
	assert_int_equal(PARSE_GO(&taken, false, order, "-name=web"), 2);
	assert_string_equal(taken.name, "web");
	assert_int_equal(PARSE_GO(&taken, false, order, "-bare=false"), 2);
	assert_int_equal(taken.bare, 0);
	assert_int_equal(PARSE_GO(&taken, false, order, "-itm64m", "x"), 2);
	assert_string_equal(taken.memory, "64m");
	assert_int_equal(PARSE_GO(&taken, false, order, "-help"), OPTIONS_HELP);
	assert_int_equal(PARSE_GO(&taken, false, order, "-barely"), -1);
	assert_int_equal(PARSE(&taken, "-bare"), -1); /* not with Docker */
}

static void
anywhere(void **state)
{
	struct taken taken;
	char order[100];
	(void)state;
	assert_int_equal(PARSE_GO(&taken, true, order, "web", "-i", "TERM",
				  "--name", "x"),
			 4);
	assert_string_equal(order, "web TERM");
	assert_int_equal(taken.interactive, 1);
	assert_string_equal(taken.name, "x");
	assert_int_equal(PARSE_GO(&taken, true, order, "web", "--", "-i"), 2);
	assert_string_equal(order, "web -i");
	assert_int_equal(taken.interactive, 0);
	assert_int_equal(PARSE_GO(&taken, true, order, "a", "b", "-"), 1);
	assert_string_equal(order, "a b -");
	assert_int_equal(PARSE_GO(&taken, true, order, "a", "--name", "--"),
			 3);
	assert_string_equal(order, "a");
	assert_string_equal(taken.name, "--");
	assert_int_equal(PARSE_GO(&taken, true, order, "a", "-x"), -1);
	assert_int_equal(PARSE_GO(&taken, true, order, "a", "--help"),
			 OPTIONS_HELP);
	/* Not so where the words are a command line of their own. */
	assert_int_equal(PARSE_GO(&taken, false, order, "web", "-i"), 1);
	assert_string_equal(order, "web -i");
	assert_int_equal(taken.interactive, 0);
}

/* From the first plain word on nothing is ours. */
static void
where_it_ends(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(parse(&taken, (const char *const[]){ NULL }), 1);
	assert_int_equal(PARSE(&taken, "image", "-i", "--nonsense"), 1);
	assert_int_equal(taken.interactive, 0);
	assert_int_equal(PARSE(&taken, "-i", "image", "--help"), 2);
	assert_int_equal(PARSE(&taken, "-i", "--", "-t", "image"), 3);
	assert_int_equal(taken.tty, 0);
	assert_int_equal(PARSE(&taken, "--"), 2);
	/* "-" is a file name, "" an empty word; neither is an option. */
	assert_int_equal(PARSE(&taken, "-", "-i"), 1);
	assert_int_equal(PARSE(&taken, "", "-i"), 1);
	assert_int_equal(taken.interactive, 0);
}

static void
help(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(PARSE(&taken, "--help=all"), OPTIONS_HELP_ALL);
	assert_int_equal(PARSE(&taken, "--help"), OPTIONS_HELP);
	assert_int_equal(PARSE(&taken, "-h"), OPTIONS_HELP);
	assert_int_equal(PARSE(&taken, "-ith"), OPTIONS_HELP);
	assert_int_equal(PARSE(&taken, "-i", "--help", "x"), OPTIONS_HELP);
}

static void
wrong(void **state)
{
	static const struct {
		const char *words[3];
		const char *says;
	} cases[] = {
		{ { "--nonsense" }, "unknown flag: --nonsense" },
		{ { "--nonsense=5" }, "unknown flag: --nonsense" },
		{ { "--nam", "x" }, "unknown flag: --nam" },
		{ { "--names", "x" }, "unknown flag: --names" },
		{ { "---name", "x" }, "unknown flag: ---name" },
		{ { "--=x" }, "unknown flag: --" },
		{ { "-x" }, "unknown shorthand flag: 'x' in -x" },
		{ { "-itx" }, "unknown shorthand flag: 'x' in -itx" },
		{ { "-\xc3\xa9" }, "unknown shorthand flag" },
		{ { "--memory" }, "flag needs an argument: --memory" },
		{ { "-m" }, "flag needs an argument: 'm' in -m" },
		{ { "-im" }, "flag needs an argument: 'm' in -im" },
		{ { "--bare=yes" },
		  "invalid argument \"yes\" for \"--bare\" flag: it is true or "
		  "false" },
		{ { "--bare=" }, "it is true or false" },
		{ { "-i=2" },
		  "invalid argument \"2\" for \"-i, --interactive\" flag" },
		{ { "-m", "bad" },
		  "invalid argument \"bad\" for \"-m, --memory\" flag: it is "
		  "bad" },
		{ { "-mbad" }, "it is bad" },
		{ { "--memory=bad" }, "it is bad" },
	};
	struct taken taken;
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		failure = (struct failure){ 0 };
		if (parse(&taken, cases[i].words) != -1)
			fail_msg("%s was accepted", cases[i].words[0]);
		if (!strstr(failure.text, cases[i].says))
			fail_msg("%s: says \"%s\"", cases[i].words[0],
				 failure.text);
	}
}

/* Far longer than a message has room for. */
static void
very_long(void **state)
{
	static char word[100000];
	struct taken taken;
	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[0] = word[1] = '-';
	assert_int_equal(PARSE(&taken, word), -1);
	assert_true(strlen(failure.text) < sizeof(failure.text));
	word[1] = 'x';
	assert_int_equal(PARSE(&taken, word), -1);
	word[1] = 'm';
	assert_int_equal(PARSE(&taken, word), 2);
	assert_int_equal(strlen(taken.memory), sizeof(word) - 3);
}

static void
help_text(void **state)
{
	char *text_of_help = NULL;
	size_t size;
	FILE *out = open_memstream(&text_of_help, &size);
	(void)state;
	assert_non_null(out);
	options_print(rows, NULL, out);
	fclose(out);
	auto_free char *lines = text_of_help;
	assert_non_null(strstr(lines, "-m, --memory SIZE"));
	assert_non_null(strstr(lines, "--bare "));
	assert_non_null(strstr(lines, "A name\n"));
	int count = 0;
	for (char *c = lines; *c; c++)
		count += *c == '\n';
	assert_int_equal(count, countof(rows) - 1);
}

/* Some of them explained, all of them named, and nothing beyond column 80. */
static void
help_that_fits(void **state)
{
	static const struct option_row many[] = {
		{ 'n', "name", "NAME", "A name", take_name, 0 },
		{ 0, "long", NULL, "It says more than there is room for in "
		  "one line of a terminal, which is a good deal", NULL, 0 },
		{ 0, "first-of-the-others", NULL, "unseen", NULL, 0 },
		{ 0, "second-of-the-others", NULL, "unseen", NULL, 0 },
		{ 0, "third-of-the-others", NULL, "unseen", NULL, 0 },
		{ 0, "old", NULL, NULL, NULL, 0 },
		{ 0 },
	};
	static const char *const everyday[] = { "long", "name", "none", NULL };
	char *all = NULL;
	size_t size, longest = 0;
	FILE *out = open_memstream(&all, &size);
	(void)state;
	options_print(many, everyday, out);
	fclose(out);
	auto_free char *lines = all;
	for (char *at = lines; *at; at += strcspn(at, "\n") + 1)
		if (strcspn(at, "\n") > longest)
			longest = strcspn(at, "\n");
	assert_in_range(longest, 60, 80);
	assert_non_null(strstr(lines, "A name\n"));
	assert_non_null(strstr(lines, " deal\n"));
	assert_non_null(strstr(lines, "  --first-of-the-others --second"));
	assert_null(strstr(lines, "unseen"));
	assert_null(strstr(lines, "--old"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switches),	cmocka_unit_test(values),
		cmocka_unit_test(where_it_ends), cmocka_unit_test(help),
		cmocka_unit_test(wrong),	cmocka_unit_test(very_long),
		cmocka_unit_test(help_that_fits),
		cmocka_unit_test(help_text),	cmocka_unit_test(one_dash),
		cmocka_unit_test(anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
