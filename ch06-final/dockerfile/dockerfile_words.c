/* dockerfile_words.c - see dockerfile_part.h: a text to words. */
#include "dockerfile_part.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"

bool
is_blank(char c)
{
	return c && strchr(" \t\v\f\r\n", c) != NULL;
}

const char *
skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

char *
trimmed(const char *string)
{
	size_t length = strlen(string);
	while (length > 0 && is_blank(string[length - 1]))
		length--;
	char *copy = new_bytes(length + 1);
	memcpy(copy, string, length);
	return copy;
}

bool
begins_with(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

/* One more word, and an empty buffer for the next. */
static void
finish_word(struct buffer *word, struct words *words)
{
	auto_free char *done = buffer_take(word);
	words_add(words, done);
}

void
split_blanks(const char *string, struct words *words)
{
	for (string = skip_blanks(string); *string;
	     string = skip_blanks(string)) {
		auto_buffer struct buffer word = { 0 };
		while (*string && !is_blank(*string))
			buffer_add_char(&word, *string++);
		finish_word(&word, words);
	}
}

/* From an opening quote to its closing one, or to the end. */
static const char *
quoted_part(const char *at, char escape, struct buffer *word)
{
	char quote = *at;
	buffer_add_char(word, *at++);
	while (*at) {
		char c = *at++;
		if (c == escape && quote != '\'' && *at == '\0')
			break;
		buffer_add_char(word, c);
		if (c == quote)
			break;
		if (c == escape && quote != '\'')
			buffer_add_char(word, *at++);
	}
	return at;
}

void
split_quoted(const char *string, char escape, struct words *words)
{
	for (string = skip_blanks(string); *string;
	     string = skip_blanks(string)) {
		auto_buffer struct buffer word = { 0 };
		while (*string && !is_blank(*string)) {
			if (*string == '\'' || *string == '"') {
				string = quoted_part(string, escape, &word);
				continue;
			}
			char c = *string++;
			if (c == escape && *string == '\0')
				break;
			buffer_add_char(&word, c);
			if (c == escape)
				buffer_add_char(&word, *string++);
		}
		if (word.used > 0)
			finish_word(&word, words);
	}
}

const char *
split_flags(const char *string, struct words *flags)
{
	for (string = skip_blanks(string); begins_with(string, "--");
	     string = skip_blanks(string)) {
		auto_buffer struct buffer word = { 0 };
		char quote = '\0';
		while (*string && (quote || !is_blank(*string))) {
			char c = *string++;
			if (c == quote)
				quote = '\0';
			else if (!quote && (c == '\'' || c == '"'))
				quote = c;
			else if (c != '\\')
				buffer_add_char(&word, c);
			else if (*string)
				buffer_add_char(&word, *string++);
		}
		if (strcmp(word.bytes ? word.bytes : "", "--") == 0)
			return skip_blanks(string);
		finish_word(&word, flags);
	}
	return string;
}

int
split_json(const char *string, struct words *words)
{
	string = skip_blanks(string);
	if (*string != '[')
		return 0;
	json_t *array = json_loads(string, 0, NULL);
	if (!array)
		return 0;
	int done = 1;
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item) {
		if (json_is_string(item))
			words_add(words, json_string_value(item));
		else
			done = -1;
	}
	json_decref(array);
	if (done < 0)
		failx("when using JSON array syntax, arrays must be comprised "
		      "of strings only");
	return done;
}

int
split_csv(const char *string, struct words *fields)
{
	for (;; string++) {
		auto_buffer struct buffer field = { 0 };
		bool is_quoted = *string == '"';
		for (string += is_quoted; *string; string++) {
			if (is_quoted && string[0] == '"') {
				if (string[1] != '"')
					break;
				string++;
			} else if (!is_quoted && *string == ',') {
				break;
			} else if (!is_quoted && *string == '"') {
				return failx("failed to parse csv: bare \" in "
					     "non-quoted field");
			}
			buffer_add_char(&field, *string);
		}
		if (is_quoted && (*string != '"' ||
				  (string[1] && string[1] != ',')))
			return failx("failed to parse csv: extraneous or "
				     "missing \" in quoted field");
		string += is_quoted;
		finish_word(&field, fields);
		if (*string == '\0')
			return 0;
	}
}
