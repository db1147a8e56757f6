/* csv.c - parent.  See csv.h. */
#include "csv.h"

#include <string.h>

/* What is between quotes; `at` is behind the first of them.  Returns what is
 * behind the last, or NULL. */
static const char *
read_quoted(const char *at, char *field)
{
	for (; *at; at++) {
		if (*at == '"' && *++at != '"') {
			*field = '\0';
			return at;
		}
		*field++ = *at;
	}
	return NULL;
}

int
csv_read(const char *line, struct words *fields)
{
	if (!*line)
		return failx("it is empty");
	auto_free char *field = new_bytes(strlen(line) + 1);
	for (const char *at = line;; at++) {
		if (*at == '"') {
			at = read_quoted(at + 1, field);
			if (!at || (*at && *at != ','))
				return failx("a quote is not closed at the "
					     "end of a field");
		} else {
			size_t length = strcspn(at, ",");
			memcpy(field, at, length);
			field[length] = '\0';
			at += length;
			if (strchr(field, '"'))
				return failx("bare \" in non-quoted field");
		}
		words_add(fields, field);
		if (!*at)
			return 0;
	}
}
