/* options.c - parent.  See options.h. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "words.h"

static bool
is_end(const struct option_row *row)
{
	return !row->letter && !row->name;
}

static const struct option_row *
find_letter(const struct option_row *table, char letter)
{
	for (; !is_end(table); table++)
		if (letter && table->letter == letter)
			return table;
	return NULL;
}

static const struct option_row *
find_name(const struct option_row *table, const char *name, size_t length)
{
	for (; !is_end(table); table++)
		if (table->name && strlen(table->name) == length &&
		    memcmp(table->name, name, length) == 0)
			return table;
	return NULL;
}

/* "-m, --memory": how Docker calls an option in a message. */
static char *
title(const struct option_row *row)
{
	if (row->letter && row->name)
		return text("-%c, --%s", row->letter, row->name);
	return row->name ? text("--%s", row->name) : text("-%c", row->letter);
}

/* What strconv.ParseBool takes. */
static int
take_bool(const char *value, bool *flag)
{
	static const char *const words[][2] = {
		{ "0", "1" },	  { "f", "t" },	      { "F", "T" },
		{ "false", "true" }, { "FALSE", "TRUE" }, { "False", "True" },
	};
	for (size_t i = 0; i < countof(words); i++) {
		for (int truth = 0; truth < 2; truth++) {
			if (strcmp(value, words[i][truth]) != 0)
				continue;
			*flag = truth;
			return 0;
		}
	}
	return failx("it is true or false");
}

/* A switch may come without a value: then it is on. */
static int
take(const struct option_row *row, const char *value, void *data)
{
	void *member = (char *)data + row->flag;
	if (!row->value && !value) {
		*(bool *)member = true;
		return 0;
	}
	if ((row->value ? row->take(member, value) :
			  take_bool(value, member)) == 0)
		return 0;
	auto_free char *called = title(row);
	return wrap("invalid argument \"%s\" for \"%s\" flag", value, called);
}

/* Of "name=value": where the name ends. */
static size_t
name_length(const char *name)
{
	return strcspn(name, "=");
}

/*
 * --name, --name=value, --name value; `name` is what follows the "--" in
 * words[0].  Returns how many words it took.
 */
static int
parse_long(const struct option_row *table, const char *name, char **words,
	   void *data)
{
	size_t length = name_length(name);
	const char *value = name[length] ? name + length + 1 : NULL;
	const struct option_row *row = find_name(table, name, length);
	if (!row && length == 4 && memcmp(name, "help", 4) == 0)
		return value && strcmp(value, "all") == 0 ? OPTIONS_HELP_ALL :
							    OPTIONS_HELP;
	if (!row)
		return failx("unknown flag: --%.*s", (int)length, name);
	if (value || !row->value)
		return take(row, value, data) < 0 ? -1 : 1;
	if (!words[1])
		return failx("flag needs an argument: --%s", row->name);
	return take(row, words[1], data) < 0 ? -1 : 2;
}

/* -i, -it, -m 64m, -m64m, -m=64m.  Returns how many words it took. */
static int
parse_letters(const struct option_row *table, char **words, void *data)
{
	for (const char *at = words[0] + 1; *at; at++) {
		const struct option_row *row = find_letter(table, *at);
		if (!row && *at == 'h')
			return OPTIONS_HELP;
		if (!row)
			return failx("unknown shorthand flag: '%c' in %s", *at,
				     words[0]);
		if (at[1] == '=')
			return take(row, at + 2, data) < 0 ? -1 : 1;
		if (!row->value) {
			take(row, NULL, data);
			continue;
		}
		if (at[1])
			return take(row, at + 1, data) < 0 ? -1 : 1;
		if (!words[1])
			return failx("flag needs an argument: '%c' in %s",
				     *at, words[0]);
		return take(row, words[1], data) < 0 ? -1 : 2;
	}
	return 1;
}

/* "-" alone is a file name. */
static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static int
parse_option(const struct option_row *table, char **words, void *data,
	     bool in_go)
{
	const char *name = words[0] + 1;
	if (*name == '-')
		return parse_long(table, name + 1, words, data);
	if (in_go && (find_name(table, name, name_length(name)) ||
		      strcmp(name, "help") == 0))
		return parse_long(table, name, words, data);
	return parse_letters(table, words, data);
}

/* Plain words that came before options are put back in behind those. */
static int
parse(const struct option_row *table, int argc, char **argv, void *data,
      bool in_go, bool anywhere)
{
	auto_free char **plain = new_bytes((argc + 1) * sizeof(*plain));
	int plain_count = 0, i = 1;
	while (i < argc) {
		if (!is_option(argv[i])) {
			if (!anywhere)
				break;
			plain[plain_count++] = argv[i++];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		int took = parse_option(table, argv + i, data, in_go);
		if (took < 0)
			return took;
		i += took;
	}
	memcpy(argv + i - plain_count, plain, plain_count * sizeof(*plain));
	return i - plain_count;
}

int
options_parse(const struct option_row *table, int argc, char **argv,
	      void *data)
{
	return parse(table, argc, argv, data, false, false);
}

int
options_parse_anywhere(const struct option_row *table, int argc, char **argv,
		       void *data)
{
	return parse(table, argc, argv, data, false, true);
}

int
options_parse_go(const struct option_row *table, int argc, char **argv,
		 void *data, bool anywhere)
{
	return parse(table, argc, argv, data, true, anywhere);
}

int
option_take_text(void *member, const char *value)
{
	free_scoped(member);
	*(char **)member = copy_text(value);
	return 0;
}

int
option_take_word(void *member, const char *value)
{
	words_add(member, value);
	return 0;
}

int
option_take_label(void *member, const char *value)
{
	size_t length = strcspn(value, "=");
	size_t blanks = strspn(value, " \t");
	if (blanks >= length)
		return failx("invalid label '%s': empty name", value);
	if (strcspn(value + blanks, " \t") + blanks < length)
		return failx("label '%.*s' contains whitespaces",
			     (int)(length - blanks), value + blanks);
	return option_take_word(member, value);
}

/* ---- help --------------------------------------------------------------- */

enum { SCREEN = 80, FIRST_COLUMN = 28 };

/* "-m, --memory bytes": the first column of a help. */
static char *
first_column(const struct option_row *row)
{
	auto_free char *called = title(row);
	return text("%s%s%s%s", row->letter ? "" : "    ", called,
		    row->value ? " " : "", row->value ?: "");
}

static int
by_name(const void *a, const void *b)
{
	const struct option_row *const *x = a, *const *y = b;
	return strcmp((*x)->name ?: "", (*y)->name ?: "");
}

static bool
is_among(const struct option_row *row, const char *const *names)
{
	for (; names && *names; names++)
		if (row->name && strcmp(row->name, *names) == 0)
			return true;
	return !names;
}

/* Words, from column `at` of this line on, and `indent` of the next ones. */
static void
print_words(FILE *out, size_t at, size_t indent, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, " ");
		bool is_first = at <= indent;
		if (!is_first && at + 1 + length > SCREEN) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			is_first = true;
		}
		fprintf(out, "%s%.*s", is_first ? "" : " ", (int)length, words);
		at += length + !is_first;
		words += length;
		words += strspn(words, " ");
	}
	fputc('\n', out);
}

static void
print_rows(const struct option_row *const *rows, size_t count, FILE *out)
{
	size_t width = FIRST_COLUMN;
	for (size_t i = 0; i < count; i++) {
		auto_free char *first = first_column(rows[i]);
		width = strlen(first) > width ? strlen(first) : width;
	}
	for (size_t i = 0; i < count; i++) {
		auto_free char *first = first_column(rows[i]);
		fprintf(out, "  %-*s ", (int)width, first);
		print_words(out, width + 3, width + 3, rows[i]->help);
	}
}

void
options_print(const struct option_row *table, const char *const *everyday,
	      FILE *out)
{
	const struct option_row *rows[256];
	size_t count = 0, others = countof(rows);
	for (; !is_end(table) && count < others; table++)
		if (table->help && is_among(table, everyday))
			rows[count++] = table;
		else if (table->help)
			rows[--others] = table;
	qsort(rows, count, sizeof(*rows), by_name);
	print_rows(rows, count, out);
	if (others == countof(rows))
		return;
	qsort(rows + others, countof(rows) - others, sizeof(*rows), by_name);
	auto_free char *names = copy_text("");
	for (; others < countof(rows); others++) {
		char *longer = text("%s --%s", names, rows[others]->name);
		free(names);
		names = longer;
	}
	fprintf(out, "\nAnd these, which --help=all and the man page explain:\n"
		     "  ");
	print_words(out, 2, 2, names + 1);
}
