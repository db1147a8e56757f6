/* table.c - parent.  See table.h. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "go_value.h"
#include "template.h"

/* ---- columns ------------------------------------------------------------ */

#define PADDING 3
#define LIST_LEAST 10

struct line {
	const char **cells; /* into the text, which has its tabs cut */
	size_t count;
	size_t *widths; /* of all but the last */
};

static void
add_cell(struct line *line, const char *cell)
{
	line->cells = resize_bytes(line->cells, (line->count + 1) *
							sizeof(*line->cells));
	line->cells[line->count++] = cell;
}

/* Cuts up `lines`. */
static struct line *
split_lines(char *lines, size_t *count)
{
	struct line *list = NULL;
	char *next = lines, *line;
	*count = 0;
	while ((line = strsep(&next, "\n")) && (next || *line)) {
		struct line made = { 0 };
		char *rest = line, *cell;
		while ((cell = strsep(&rest, "\t")))
			add_cell(&made, cell);
		made.widths = new_bytes(made.count * sizeof(*made.widths));
		list = resize_bytes(list, (*count + 1) * sizeof(*list));
		list[(*count)++] = made;
	}
	return list;
}

static bool
has_column(const struct line *line, size_t column)
{
	return column + 1 < line->count;
}

/* Of the lines from `first` on that have this column; returns the first that
 * has not. */
static size_t
measure(struct line *lines, size_t count, size_t first, size_t column,
	size_t least)
{
	size_t width = least, end = first;
	for (; end < count && has_column(&lines[end], column); end++) {
		size_t cell = count_characters(lines[end].cells[column]);
		if (cell + PADDING > width)
			width = cell + PADDING;
	}
	for (size_t i = first; i < end; i++)
		lines[i].widths[column] = width;
	return end;
}

static void
measure_all(struct line *lines, size_t count, size_t least)
{
	bool more = true;
	for (size_t column = 0; more; column++) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			if (!has_column(&lines[i], column))
				continue;
			more = true;
			i = measure(lines, count, i, column, least) - 1;
		}
	}
}

static void
print_line(const struct line *line, FILE *out)
{
	for (size_t i = 0; i < line->count; i++) {
		fputs(line->cells[i], out);
		if (has_column(line, i))
			fprintf(out, "%*s",
				(int)(line->widths[i] -
				      count_characters(line->cells[i])), "");
	}
	fputc('\n', out);
}

void
table_print(const char *lines, size_t least, FILE *out)
{
	auto_free char *copy = copy_text(lines);
	size_t count;
	struct line *list = split_lines(copy, &count);
	measure_all(list, count, least);
	for (size_t i = 0; i < count; i++) {
		print_line(&list[i], out);
		free(list[i].cells);
		free(list[i].widths);
	}
	free(list);
}

/* ---- lists -------------------------------------------------------------- */

/* In a shell '\t' is two characters: Docker takes them for a tab. */
static char *
with_escapes(const char *format)
{
	char *changed = copy_text(format), *to = changed;
	for (const char *at = format; *at; at++) {
		bool is_escape = at[0] == '\\' && (at[1] == 't' ||
						   at[1] == 'n');
		*to++ = is_escape ? (at[1] == 't' ? '\t' : '\n') : *at;
		at += is_escape;
	}
	*to = '\0';
	return changed;
}

static int
parse_error(void)
{
	return wrap("template parsing error");
}

static json_t *
titles_of(const struct listing *listing)
{
	json_t *titles = json_object();
	const struct heading *heading = listing->headings;
	for (; heading->field; heading++)
		json_object_set_new(titles, heading->field,
				    json_string(heading->title));
	json_object_set_new(titles, ".Label", json_true());
	return titles;
}

static int
write_titles(const struct listing *listing, const struct template *template,
	     FILE *lines)
{
	json_t *titles = titles_of(listing);
	int result = template_write(template, titles, listing->type, true,
				    lines);
	json_decref(titles);
	fputc('\n', lines);
	return result;
}

static int
write_rows(const struct listing *listing, const char *format, bool is_table,
	   json_t *rows, FILE *lines)
{
	auto_free char *source = with_escapes(format);
	auto_template struct template *template = template_parse(source);
	size_t i;
	json_t *row;
	if (!template)
		return -1;
	/* A mistake is told of the rows, so those go first to be seen. */
	json_array_foreach(rows, i, row) {
		auto_file FILE *nowhere = fopen("/dev/null", "we");
		if (nowhere && template_write(template, row, listing->type,
					      false, nowhere) < 0)
			return -1;
	}
	/* A field that no row has has no title either; Docker leaves it. */
	if (is_table)
		write_titles(listing, template, lines);
	json_array_foreach(rows, i, row) {
		template_write(template, row, listing->type, false, lines);
		fputc('\n', lines);
	}
	return 0;
}

int
listing_print(const struct listing *listing, const char *format, bool quiet,
	      json_t *rows, FILE *out)
{
	bool is_default = !*format || strcmp(format, "table") == 0;
	bool is_table = !quiet && (is_default ||
				   strncmp(format, "table ", 6) == 0);
	if (quiet)
		format = listing->quiet;
	else if (is_default)
		format = listing->table;
	else if (is_table)
		format += 6 + strspn(format + 6, " ");
	else if (strcmp(format, "json") == 0)
		format = "{{json .}}";
	auto_free char *lines = NULL;
	size_t size;
	FILE *made = open_memstream(&lines, &size);
	if (!made)
		return fail("make a list");
	int result = write_rows(listing, format, is_table, rows, made);
	fclose(made);
	if (result < 0)
		return parse_error();
	if (is_table)
		table_print(lines, LIST_LEAST, out);
	else
		fputs(lines, out);
	return 0;
}

int
format_print(const char *format, json_t *value, const char *type, FILE *out)
{
	auto_template struct template *template = template_parse(format);
	auto_free char *line = NULL;
	size_t size;
	if (!template)
		return parse_error();
	FILE *made = open_memstream(&line, &size);
	if (!made)
		return fail("make a line");
	int result = template_write(template, value, type, false, made);
	fclose(made);
	if (result < 0)
		return parse_error();
	fprintf(out, "%s\n", line);
	return 0;
}
