/* dockerfile_say.c - see dockerfile_part.h: what is wrong, and where. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"

/* ---- messages ---------------------------------------------------------- */

/* Where `word` stands in a line, by itself if it can be; NULL: nowhere. */
static const char *
find_word(const char *line, const char *word, bool alone)
{
	size_t length = strlen(word);
	for (const char *at = line; (at = strstr(at, word)); at++)
		if (!alone || ((at == line || is_blank(at[-1])) &&
			       (at[length] == '\0' || is_blank(at[length]))))
			return at;
	return NULL;
}

/* The first name or value in the word: its quotes may have been taken away. */
static void
locate(struct dockerfile *file, const char *word, unsigned int last_line)
{
	for (int alone = 1; alone >= 0 && *word; alone--) {
		for (unsigned int i = file->wrong_line; i <= last_line; i++) {
			const char *line = file->lines.items[i - 1];
			const char *found = find_word(line, word, alone);
			if (!found)
				continue;
			file->wrong_line = i;
			file->wrong_column = found - line + 1;
			return;
		}
	}
}

int
complain_at(struct dockerfile *file, unsigned int line, unsigned int last_line,
	    const char *word)
{
	if (!file)
		return -1;
	file->wrong_line = line;
	file->wrong_column = 0;
	if (last_line > file->lines.count)
		last_line = file->lines.count;
	if (line > 0 && line <= last_line) {
		const char *first = file->lines.items[line - 1];
		file->wrong_column = skip_blanks(first) - first + 1;
		if (word)
			locate(file, word, last_line);
	}
	return wrap("%s:%u", file->name, file->wrong_line);
}

/* "# check=skip=RULE,RULE;error=true": is this one skipped? */
static bool
is_skipped(const struct dockerfile *file, const char *rule)
{
	const char *list = file->check ? strstr(file->check, "skip=") : NULL;
	if (!list)
		return false;
	list += strlen("skip=");
	while (*list && *list != ';') {
		size_t length = strcspn(list, ",; ");
		if ((length == strlen(rule) &&
		     strncasecmp(list, rule, length) == 0) ||
		    (length == 3 && strncasecmp(list, "all", 3) == 0))
			return true;
		list += length;
		list += strspn(list, ", ");
	}
	return false;
}

void
dockerfile_warn(struct dockerfile *file, unsigned int line, const char *rule,
		const char *fmt, ...)
{
	char *words;
	va_list args;
	if (is_skipped(file, rule))
		return;
	va_start(args, fmt);
	int length = vasprintf(&words, fmt, args);
	va_end(args);
	if (length < 0)
		return;
	auto_free char *warning =
		text("%s:%u: %s: %s", file->name, line, rule, words);
	free(words);
	words_add(&file->warnings, warning);
}

/* ---- excerpts ---------------------------------------------------------- */

#define MOST_COLUMNS 160
#define LINES_BEFORE 2

/* What a terminal would obey, or not show, is a question mark. */
static void
add_shown(struct buffer *to, const char *line, bool blanks_only, size_t most)
{
	for (size_t i = 0; line[i] && i < most; i++) {
		bool shown = line[i] == '\t' ||
			     !iscntrl((unsigned char)line[i]);
		if (line[i] == '\r')
			continue;
		if (blanks_only)
			buffer_add_char(to, line[i] == '\t' ? '\t' : ' ');
		else
			buffer_add_char(to, shown ? line[i] : '?');
	}
	if (!blanks_only && strlen(line) > most)
		buffer_add_text(to, "...");
}

static void
add_caret(struct buffer *to, const char *line, unsigned int column)
{
	if (column == 0 || column > MOST_COLUMNS)
		return;
	buffer_add_text(to, "     | ");
	/* A character of several bytes is one column, or so it is hoped. */
	for (unsigned int i = 0; i + 1 < column && line[i]; i++)
		if ((line[i] & 0xc0) != 0x80)
			buffer_add_char(to, line[i] == '\t' ? '\t' : ' ');
	buffer_add_text(to, "^\n");
}

char *
dockerfile_show(const struct dockerfile *file, unsigned int line,
		unsigned int last_line, unsigned int column)
{
	auto_buffer struct buffer shown = { 0 };
	if (last_line > file->lines.count)
		last_line = file->lines.count;
	if (line == 0 || line > last_line)
		return copy_text("");
	auto_free char *head = text("%s:%u\n", file->name, line);
	buffer_add_text(&shown, head);
	unsigned int first = line > LINES_BEFORE ? line - LINES_BEFORE : 1;
	for (unsigned int i = first; i <= last_line; i++) {
		const char *source = file->lines.items[i - 1];
		auto_free char *number = text("%4u | ", i);
		buffer_add_text(&shown, number);
		add_shown(&shown, source, false, MOST_COLUMNS);
		buffer_add_char(&shown, '\n');
		if (i == line)
			add_caret(&shown, source, column);
	}
	return buffer_take(&shown);
}

char *
dockerfile_excerpt(const struct dockerfile *file)
{
	return dockerfile_show(file, file->wrong_line, file->wrong_line,
			       file->wrong_column);
}
