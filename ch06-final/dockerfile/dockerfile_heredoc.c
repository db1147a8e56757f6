/*
 * dockerfile_heredoc.c - see dockerfile_part.h: here-documents.
 *
 * "<<" begins one only at the beginning of a word, "cat<<EOF" is none; and the
 * name is the whole rest of the word, as in BuildKit.
 */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"

/* A word's quotes and backslashes taken away.  NULL: it is no word, or a quote
 * lacks its end.  The caller frees. */
static char *
unquoted(const char *word, bool *had_quotes)
{
	auto_buffer struct buffer name = { 0 };
	char quote = '\0';
	for (; *word; word++) {
		if (!quote && is_blank(*word))
			return NULL;
		if (*word == quote || (!quote && strchr("'\"", *word))) {
			*had_quotes = true;
			quote = quote ? '\0' : *word;
		} else if (*word == '\\' && quote != '\'' && word[1]) {
			buffer_add_char(&name, *++word);
		} else {
			buffer_add_char(&name, *word);
		}
	}
	return quote ? NULL : buffer_take(&name);
}

bool
heredoc_word(const char *word, struct raw_heredoc *heredoc)
{
	*heredoc = (struct raw_heredoc){ 0 };
	while (isdigit((unsigned char)*word))
		word++;
	if (!begins_with(word, "<<"))
		return false;
	word += 2;
	heredoc->is_chomped = *word == '-';
	word += heredoc->is_chomped;
	if (*word == '\0' || strchr(word, '<'))
		return false;
	bool had_quotes = false;
	heredoc->name = unquoted(word, &had_quotes);
	heredoc->expands = !had_quotes;
	if (heredoc->name && *heredoc->name)
		return true;
	free(heredoc->name);
	heredoc->name = NULL;
	return false;
}

static bool
quotes_are_closed(const char *string)
{
	char quote = '\0';
	for (; *string; string++) {
		if (*string == '\\' && quote != '\'' && string[1])
			string++;
		else if (*string == quote)
			quote = '\0';
		else if (!quote && strchr("'\"", *string))
			quote = *string;
	}
	return !quote;
}

void
heredocs_begun(const char *string, struct statement *statement)
{
	if (!strstr(string, "<<") || !quotes_are_closed(string))
		return;
	auto_words struct words words = { 0 };
	split_quoted(string, '\\', &words);
	for (size_t i = 0; i < words.count; i++) {
		struct raw_heredoc heredoc;
		if (!heredoc_word(words.items[i], &heredoc))
			continue;
		size_t count = statement->heredoc_count + 1;
		statement->heredocs =
			resize_bytes(statement->heredocs,
				     count * sizeof(struct raw_heredoc));
		statement->heredocs[statement->heredoc_count++] = heredoc;
	}
}

/* The name of the instruction that begins a text. */
static bool
is_instruction(const char *string, const char *name)
{
	size_t length = strlen(name);
	return strncasecmp(string, name, length) == 0 &&
	       is_blank(string[length]);
}

bool
takes_heredocs(const char *string)
{
	string = skip_blanks(string);
	if (is_instruction(string, "ONBUILD"))
		string = skip_blanks(string + strlen("ONBUILD"));
	if (!is_instruction(string, "RUN") && !is_instruction(string, "COPY") &&
	    !is_instruction(string, "ADD"))
		return false;
	auto_words struct words flags = { 0 }, json = { 0 };
	while (*string && !is_blank(*string))
		string++;
	return split_json(split_flags(string, &flags), &json) == 0;
}

char *
heredoc_content(const struct raw_heredoc *heredoc)
{
	if (!heredoc->is_chomped)
		return copy_text(heredoc->content);
	char *chomped = new_bytes(strlen(heredoc->content) + 1), *to = chomped;
	bool at_begin = true;
	for (const char *from = heredoc->content; *from; from++) {
		if (at_begin && *from == '\t')
			continue;
		*to++ = *from;
		at_begin = *from == '\n';
	}
	return chomped;
}

void
statement_free(struct statement *statement)
{
	for (size_t i = 0; i < statement->heredoc_count; i++) {
		free(statement->heredocs[i].name);
		free(statement->heredocs[i].content);
	}
	free(statement->heredocs);
	free(statement->text);
	*statement = (struct statement){ 0 };
}
