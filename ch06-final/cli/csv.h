/*
 * csv.h - one line of comma-separated fields, as --mount and --network have.
 */
#ifndef CSV_H
#define CSV_H

#include "words.h"

/* Add the fields of `line`.  One that has a comma within stands in double
 * quotes, and a quote within those is two: RFC 4180. */
int csv_read(const char *line, struct words *fields);

#endif
