/*
 * table.h - columns for people, and lists in the format that --format asks
 * for.
 */
#ifndef TABLE_H
#define TABLE_H

#include <jansson.h>

#include "base.h"

/*
 * Lines of cells with tabs between them, to columns as wide as the widest of
 * their cells and three blanks, at least `least` in all; what is behind a
 * line's last tab is in no column.  A column ends where a line has no such
 * cell: the "elastic tabstops" of Go's text/tabwriter.
 */
void table_print(const char *lines, size_t least, FILE *out);

/* What a verb lists.  Templates are those of template.h. */
struct listing {
	const char *table; /* by default: "{{.ID}}\t{{.Image}}" */
	const char *quiet; /* with -q: "{{.ID}}" */
	const char *type;  /* Go's name of it, for messages */
	const struct heading {
		const char *field, *title;
	} *headings; /* up to one without a field */
};

/*
 * Print `rows`, an array of objects.  `format` is "", "table", "table
 * TEMPLATE", "json" or a template.  Of a template that fails nothing is
 * printed, and the failure is in Docker's words.
 */
int listing_print(const struct listing *listing, const char *format,
		  bool quiet, json_t *rows, FILE *out);

/* One value by one template, as `inspect -f`: a line. */
int format_print(const char *format, json_t *value, const char *type,
		 FILE *out);

#endif
