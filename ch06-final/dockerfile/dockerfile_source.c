/* dockerfile_source.c - see dockerfile_part.h: lines, and what they join to. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"

/* Docker's, who reads with a buffer of this size. */
#define LONGEST_LINE 65535

/* ---- lines ------------------------------------------------------------- */

/* A failure of a line as a whole. */
static int
complain_line(struct dockerfile *file, size_t line)
{
	return complain_at(file, line + 1, line + 1, NULL);
}

static int
take_line(struct dockerfile *file, const char *line, size_t length)
{
	size_t number = file->lines.count;
	if (length > LONGEST_LINE) {
		failx("dockerfile line greater than max allowed size of %d",
		      LONGEST_LINE);
		return complain_line(file, number);
	}
	auto_free char *copy = new_bytes(length + 1);
	memcpy(copy, line, length);
	words_add(&file->lines, copy);
	if (strlen(copy) == length)
		return 0;
	failx("there is a NUL byte: this is no text");
	return complain_line(file, number);
}

static bool
is_comment(const char *line)
{
	return *skip_blanks(line) == '#';
}

/* ---- directives -------------------------------------------------------- */

static int
set_directive(struct dockerfile *file, const char *name, const char *value)
{
	if (strcasecmp(name, "escape") == 0) {
		if (strcmp(value, "\\") != 0 && strcmp(value, "`") != 0)
			return failx("invalid escape token '%.40s' does not "
				     "match ` or \\", value);
		file->escape = value[0];
	} else if (strcasecmp(name, "syntax") == 0) {
		file->syntax = copy_text(value);
	} else {
		file->check = copy_text(value);
	}
	return 0;
}

/*
 * "# name=value" of the comments that begin the file, until one of them is
 * anything else: 1 when this one was, 0 when not.
 */
static int
take_directive(struct dockerfile *file, const char *line, struct words *seen)
{
	line = skip_blanks(line);
	if (*line != '#')
		return 0;
	line = skip_blanks(line + 1);
	size_t length = 0;
	while (isalnum((unsigned char)line[length]))
		length++;
	auto_free char *name = text("%.*s", (int)length, line);
	const char *value = skip_blanks(line + length);
	if (*value != '=' || (strcasecmp(name, "escape") != 0 &&
			      strcasecmp(name, "syntax") != 0 &&
			      strcasecmp(name, "check") != 0))
		return 0;
	auto_free char *rest = trimmed(skip_blanks(value + 1));
	if (*rest == '\0')
		return 0;
	for (char *c = name; *c; c++)
		*c = tolower((unsigned char)*c);
	if (words_has(seen, name))
		return failx("only one %s parser directive can be used", name);
	words_add(seen, name);
	return set_directive(file, name, rest) < 0 ? -1 : 1;
}

static int
take_directives(struct dockerfile *file)
{
	auto_words struct words seen = { 0 };
	for (size_t i = 0; i < file->lines.count; i++) {
		int done = take_directive(file, file->lines.items[i], &seen);
		if (done < 0)
			return complain_line(file, i);
		if (done == 0)
			break;
	}
	if (file->syntax && !begins_with(file->syntax, "docker/dockerfile") &&
	    !begins_with(file->syntax, "docker.io/docker/dockerfile"))
		dockerfile_warn(file, 1, "Syntax",
				"# syntax=%.80s is not looked at: the language "
				"of docker/dockerfile is built in, and no "
				"other can be had", file->syntax);
	return 0;
}

int
dockerfile_read(struct dockerfile *file, const char *content, size_t length)
{
	if (length >= 3 && memcmp(content, "\xef\xbb\xbf", 3) == 0) {
		content += 3;
		length -= 3;
	}
	while (length > 0) {
		const char *end = memchr(content, '\n', length);
		size_t used = end ? (size_t)(end - content) + 1 : length;
		if (take_line(file, content, used - (end != NULL)) < 0)
			return -1;
		content += used;
		length -= used;
	}
	return take_directives(file);
}

/* ---- statements -------------------------------------------------------- */

/*
 * The line without the carriage returns at its end; and without the escape
 * character that continues it, when there is one: then true.
 */
static bool
take_continued(const struct dockerfile *file, const char *line,
	       struct buffer *to)
{
	size_t length = strlen(line);
	while (length > 0 && line[length - 1] == '\r')
		length--;
	size_t end = length;
	while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
		end--;
	bool is_continued = end > 0 && line[end - 1] == file->escape &&
			    (end == 1 || line[end - 2] != file->escape);
	buffer_add(to, line, is_continued ? end - 1 : length);
	return is_continued;
}

/* From line `*next` on, until one that does not continue. */
static void
join_lines(struct dockerfile *file, size_t *next, struct buffer *joined)
{
	/* lab join_lines: file->lines.items[*next], of file->lines.count, is
	 * the first line of an instruction, which leaves out the blanks that
	 * it begins with; it is never a comment, nor empty.  take_continued()
	 * puts a line behind the others, and says whether one more is to come.
	 * A comment and an empty line between two of them are left out and do
	 * not end it; of empty ones one warning is given in the end,
	 * NoEmptyContinuation.  *next becomes the first line that is not the
	 * instruction's. */
	bool has_empty = false, is_first = true, goes_on = true;
	for (; goes_on && *next < file->lines.count; (*next)++) {
		const char *line = file->lines.items[*next];
		if (!is_first && is_comment(line))
			continue;
		if (!is_first && *skip_blanks(line) == '\0') {
			has_empty = true;
			continue;
		}
		goes_on = take_continued(
			file, is_first ? skip_blanks(line) : line, joined);
		is_first = false;
	}
	if (has_empty)
		dockerfile_warn(file, *next, "NoEmptyContinuation",
				"Empty continuation line found in: %.60s",
				joined->bytes ? joined->bytes : "");
	/* lab end: (void)take_continued;
	 * buffer_add_text(joined, file->lines.items[(*next)++]); */
}

/* The line without the carriage return, and the tabs of <<-, is its name? */
static bool
ends_heredoc(const struct raw_heredoc *heredoc, const char *line)
{
	if (heredoc->is_chomped)
		line += strspn(line, "\t");
	size_t length = strlen(line);
	while (length > 0 && line[length - 1] == '\r')
		length--;
	return strlen(heredoc->name) == length &&
	       memcmp(line, heredoc->name, length) == 0;
}

static int
read_heredoc(struct dockerfile *file, size_t *next,
	     struct statement *statement, struct raw_heredoc *heredoc)
{
	auto_buffer struct buffer content = { 0 };
	for (; *next < file->lines.count; (*next)++) {
		const char *line = file->lines.items[*next];
		if (ends_heredoc(heredoc, line)) {
			(*next)++;
			heredoc->content = buffer_take(&content);
			if (content.is_over)
				return complain(file, statement, "<<",
						"here-document %.40s is "
						"longer than %d bytes",
						heredoc->name, BUFFER_MOST);
			return 0;
		}
		buffer_add_text(&content, line);
		buffer_add_char(&content, '\n');
	}
	heredoc->content = buffer_take(&content);
	return complain(file, statement, "<<",
			"unterminated heredoc: no line is \"%.40s\"",
			heredoc->name);
}

int
dockerfile_next(struct dockerfile *file, size_t *next,
		struct statement *statement)
{
	*statement = (struct statement){ 0 };
	auto_buffer struct buffer joined = { 0 };
	while (*next < file->lines.count) {
		const char *line = file->lines.items[*next];
		if (*skip_blanks(line) != '\0' && !is_comment(line))
			break;
		(*next)++;
	}
	if (*next == file->lines.count)
		return 0;
	statement->line = *next + 1;
	join_lines(file, next, &joined);
	statement->last_line = *next;
	auto_free char *all = buffer_take(&joined);
	if (joined.is_over)
		return complain(file, statement, NULL,
				"an instruction of more than %d bytes",
				BUFFER_MOST);
	statement->text = trimmed(all);
	if (!takes_heredocs(statement->text))
		return 1;
	heredocs_begun(statement->text, statement);
	for (size_t i = 0; i < statement->heredoc_count; i++)
		if (read_heredoc(file, next, statement,
				 &statement->heredocs[i]) < 0)
			return -1;
	statement->last_line = *next;
	return 1;
}
