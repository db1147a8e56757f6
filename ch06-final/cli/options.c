/* options.c - parent.  See options.h. */
#include "options.h"

#include <string.h>

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

static int
take(const struct option_row *row, const char *value, void *data)
{
	if (!row->value) {
		*(bool *)((char *)data + row->flag) = true;
		return 0;
	}
	if (row->take(data, value) == 0)
		return 0;
	auto_free char *called = title(row);
	return wrap("invalid argument \"%s\" for \"%s\" flag", value, called);
}

/* --name, --name=value, --name value.  Returns how many words it took. */
static int
parse_long(const struct option_row *table, char **words, void *data)
{
	const char *name = words[0] + 2;
	const char *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row = find_name(table, name, length);
	if (!row && length == 4 && memcmp(name, "help", 4) == 0)
		return OPTIONS_HELP;
	if (!row)
		return failx("unknown flag: --%.*s", (int)length, name);
	if (!row->value) {
		if (equals)
			return failx("--%s takes no value", row->name);
		take(row, NULL, data);
		return 1;
	}
	if (equals)
		return take(row, equals + 1, data) < 0 ? -1 : 1;
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
		if (!row->value) {
			take(row, NULL, data);
			continue;
		}
		if (at[1] == '=')
			return take(row, at + 2, data) < 0 ? -1 : 1;
		if (at[1])
			return take(row, at + 1, data) < 0 ? -1 : 1;
		if (!words[1])
			return failx("flag needs an argument: '%c' in %s",
				     *at, words[0]);
		return take(row, words[1], data) < 0 ? -1 : 2;
	}
	return 1;
}

int
options_parse(const struct option_row *table, int argc, char **argv,
	      void *data)
{
	int i = 1;
	while (i < argc && argv[i][0] == '-' && argv[i][1]) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		int took = argv[i][1] == '-' ?
				   parse_long(table, argv + i, data) :
				   parse_letters(table, argv + i, data);
		if (took < 0)
			return took;
		i += took;
	}
	return i;
}

void
options_print(const struct option_row *table, FILE *out)
{
	for (; !is_end(table); table++) {
		auto_free char *called = title(table);
		auto_free char *whole =
			text("%s%s%s%s", table->letter ? "" : "    ", called,
			     table->value ? " " : "",
			     table->value ? table->value : "");
		fprintf(out, "  %-28s %s\n", whole, table->help);
	}
}
