/* dockerfile_kinds.c - see dockerfile_part.h: instructions, kind by kind. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In the order of enum instruction_kind. */
static const char *const names[] = {
	"ADD",	"ARG",	"CMD",	"COPY",	"ENTRYPOINT", "ENV", "EXPOSE", "FROM",
	"HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL",
	"STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
};

const char *
instruction_name(enum instruction_kind kind)
{
	return names[kind];
}

static const char *
name_of(const struct reading *reading)
{
	return names[reading->made->kind];
}

void
add_pair(struct instruction *made, const char *name, const char *value)
{
	made->pairs = resize_bytes(made->pairs, (made->pair_count + 1) *
							sizeof(*made->pairs));
	made->pairs[made->pair_count++] = (struct name_value){
		.name = copy_text(name),
		.value = value ? copy_text(value) : NULL,
	};
}

static int
needs_argument(struct reading *reading)
{
	if (*reading->rest)
		return 0;
	return complain(reading->file, reading->made, NULL,
			"%s requires at least one argument", name_of(reading));
}

/* ---- lists of words ---------------------------------------------------- */

static int
read_expose(struct reading *reading)
{
	if (needs_argument(reading) < 0 || take_flags(reading, NULL, 0) < 0)
		return -1;
	split_blanks(reading->rest, &reading->made->words);
	return 0;
}

/* JSON, or words between blanks. */
static int
read_volume(struct reading *reading)
{
	struct words *words = &reading->made->words;
	if (take_flags(reading, NULL, 0) < 0)
		return -1;
	int is_json = split_json(reading->rest, words);
	if (is_json < 0)
		return complain_at(reading->file, reading->made->line,
				   reading->made->last_line, reading->rest);
	if (!is_json)
		split_blanks(reading->rest, words);
	if (words->count == 0)
		return complain(reading->file, reading->made, NULL,
				"VOLUME requires at least one argument");
	for (size_t i = 0; i < words->count; i++)
		if (*skip_blanks(words->items[i]) == '\0')
			return complain(reading->file, reading->made, "\"\"",
					"VOLUME specified can not be an empty "
					"string");
	return 0;
}

static int
read_shell(struct reading *reading)
{
	if (needs_argument(reading) < 0 || take_flags(reading, NULL, 0) < 0)
		return -1;
	int is_json = split_json(reading->rest, &reading->made->words);
	if (is_json < 0)
		return complain_at(reading->file, reading->made->line,
				   reading->made->last_line, reading->rest);
	if (!is_json)
		return complain(reading->file, reading->made, reading->rest,
				"SHELL requires the arguments to be in JSON "
				"form");
	if (reading->made->words.count == 0)
		return complain(reading->file, reading->made, reading->rest,
				"SHELL requires at least one argument");
	return 0;
}

/* MAINTAINER STOPSIGNAL USER WORKDIR: the whole rest. */
static int
read_rest(struct reading *reading)
{
	if (!*reading->rest)
		return complain(reading->file, reading->made, NULL,
				"%s requires exactly one argument",
				name_of(reading));
	if (take_flags(reading, NULL, 0) < 0)
		return -1;
	words_add(&reading->made->words, reading->rest);
	if (reading->made->kind == INSTRUCTION_MAINTAINER)
		dockerfile_warn(reading->file, reading->made->line,
				"MaintainerDeprecated",
				"MAINTAINER instruction is deprecated in favor "
				"of using label");
	return 0;
}

/* ---- commands ---------------------------------------------------------- */

int
read_command(struct reading *reading, const char *string)
{
	struct instruction *made = reading->made;
	int is_json = split_json(string, &made->words);
	if (is_json < 0)
		return complain_at(reading->file, made->line, made->last_line,
				   string);
	made->is_shell = !is_json;
	if (!is_json)
		words_add(&made->words, string);
	return 0;
}

static int
read_process(struct reading *reading)
{
	if (needs_argument(reading) < 0 || take_flags(reading, NULL, 0) < 0 ||
	    read_command(reading, reading->rest) < 0)
		return -1;
	if (reading->made->is_shell)
		dockerfile_warn(reading->file, reading->made->line,
				"JSONArgsRecommended",
				"JSON arguments recommended for %s to prevent "
				"unintended behavior related to OS signals",
				name_of(reading));
	return 0;
}

/* ---- names and values -------------------------------------------------- */

/* "NAME value with blanks": how ENV and LABEL began. */
static int
read_old_pair(struct reading *reading)
{
	const char *name = name_of(reading);
	size_t length = 0;
	while (reading->rest[length] && !is_blank(reading->rest[length]))
		length++;
	const char *value = skip_blanks(reading->rest + length);
	if (*value == '\0')
		return complain(reading->file, reading->made, reading->rest,
				"%s must have two arguments", name);
	auto_free char *key = text("%.*s", (int)length, reading->rest);
	add_pair(reading->made, key, value);
	dockerfile_warn(reading->file, reading->made->line,
			"LegacyKeyValueFormat",
			"\"%s key=value\" should be used instead of legacy "
			"\"%s key value\" format", name, name);
	return 0;
}

static int
read_pairs(struct reading *reading)
{
	if (needs_argument(reading) < 0 || take_flags(reading, NULL, 0) < 0)
		return -1;
	auto_words struct words words = { 0 };
	split_quoted(reading->rest, reading->made->escape, &words);
	if (words.count > 0 && !strchr(words.items[0], '='))
		return read_old_pair(reading);
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (!equals)
			return complain(reading->file, reading->made,
					words.items[i],
					"Syntax error - can't find = in "
					"\"%.60s\". Must be of the form: "
					"name=value", words.items[i]);
		if (equals == words.items[i])
			return complain(reading->file, reading->made,
					words.items[i],
					"%s names can not be blank",
					name_of(reading));
		*equals = '\0';
		add_pair(reading->made, words.items[i], equals + 1);
	}
	return reading->made->pair_count > 0 ? 0 : needs_argument(reading);
}

static int
read_arg(struct reading *reading)
{
	if (needs_argument(reading) < 0 || take_flags(reading, NULL, 0) < 0)
		return -1;
	auto_words struct words words = { 0 };
	split_quoted(reading->rest, reading->made->escape, &words);
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (equals == words.items[i])
			return complain(reading->file, reading->made,
					words.items[i],
					"ARG names can not be blank");
		if (equals)
			*equals = '\0';
		add_pair(reading->made, words.items[i],
			 equals ? equals + 1 : NULL);
	}
	return 0;
}

/* ---- FROM and ONBUILD -------------------------------------------------- */

static int
read_from(struct reading *reading)
{
	struct instruction *made = reading->made;
	const struct flag flags[] = { { "platform", FLAG_TEXT, &made->from } };
	if (take_flags(reading, flags, countof(flags)) < 0)
		return -1;
	split_blanks(reading->rest, &made->words);
	bool has_name = made->words.count == 3 &&
			strcasecmp(made->words.items[1], "as") == 0;
	if (made->words.count != 1 && !has_name)
		return complain(reading->file, made, reading->rest,
				"FROM requires either one or three arguments");
	if (!has_name)
		return 0;
	const char *name = made->words.items[2];
	bool is_good = isalpha((unsigned char)*name);
	for (const char *c = name; *c; c++)
		is_good = is_good && (isalnum((unsigned char)*c) ||
				      strchr("-_.", *c));
	if (!is_good)
		return complain(reading->file, made, name,
				"invalid name for build stage: \"%.60s\", name "
				"can't start with a number or contain symbols",
				name);
	return 0;
}

/* Is the trigger one that could be carried out some day? */
static int
check_trigger(struct reading *reading)
{
	auto_words struct words words = { 0 };
	split_blanks(reading->rest, &words);
	const char *first = words.items[0];
	if (strcasecmp(first, "ONBUILD") == 0)
		return complain(reading->file, reading->made, NULL,
				"Chaining ONBUILD via `ONBUILD ONBUILD` isn't "
				"allowed");
	if (strcasecmp(first, "FROM") == 0 ||
	    strcasecmp(first, "MAINTAINER") == 0)
		return complain(reading->file, reading->made, first,
				"%s isn't allowed as an ONBUILD trigger",
				strcasecmp(first, "FROM") == 0 ? "FROM" :
								 "MAINTAINER");
	struct statement trigger = *reading->statement;
	auto_free char *string = copy_text(reading->rest);
	trigger.text = string;
	auto_instruction struct instruction made = { 0 };
	return read_instruction(reading->file, &trigger, &made);
}

static int
read_onbuild(struct reading *reading)
{
	if (needs_argument(reading) < 0 || take_flags(reading, NULL, 0) < 0 ||
	    check_trigger(reading) < 0)
		return -1;
	auto_free char *all = copy_text(reading->rest);
	for (size_t i = 0; i < reading->statement->heredoc_count; i++) {
		const struct raw_heredoc *heredoc =
			&reading->statement->heredocs[i];
		char *longer = text("%s\n%s%s", all, heredoc->content,
				    heredoc->name);
		free(all);
		all = longer;
	}
	words_add(&reading->made->words, all);
	return 0;
}

/* ---- any --------------------------------------------------------------- */

/* In the order of enum instruction_kind. */
static int (*const readers[])(struct reading *reading) = {
	read_files, read_arg,	read_process, read_files, read_process,
	read_pairs, read_expose, read_from,   read_health, read_pairs,
	read_rest,  read_onbuild, read_run,   read_shell, read_rest,
	read_rest,  read_volume, read_rest,
};

static int
unknown_instruction(struct dockerfile *file, const struct instruction *made,
		    const char *name)
{
	auto_free char *suggestion =
		dockerfile_suggest(name, names, countof(names));
	return complain(file, made, NULL, "unknown instruction: %.60s%s", name,
			suggestion);
}

int
read_instruction(struct dockerfile *file, const struct statement *statement,
		 struct instruction *made)
{
	*made = (struct instruction){
		.line = statement->line,
		.last_line = statement->last_line,
		.code = copy_text(statement->text),
		.escape = file->escape,
		.from_stage = -1,
		.unpacks = -1,
	};
	size_t length = 0;
	while (made->code[length] && !is_blank(made->code[length]))
		length++;
	auto_free char *name = text("%.*s", (int)length, made->code);
	size_t kind = 0;
	while (kind < countof(names) && strcasecmp(names[kind], name) != 0)
		kind++;
	if (kind == countof(names))
		return unknown_instruction(file, made, name);
	made->kind = kind;
	struct reading reading = { .file = file, .made = made,
				   .statement = statement };
	reading.rest = split_flags(made->code + length, &reading.flags);
	int done = readers[kind](&reading);
	words_free(&reading.flags);
	return done;
}
