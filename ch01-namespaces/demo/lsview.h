/* lsview.h - every process against every kind of namespace, for people and for
 * programs: what `./demo ls --text` and its like print.  0 or -1. */
#ifndef LSVIEW_H
#define LSVIEW_H

#include <stdio.h>

#include "nstable.h"

int lsview_text(FILE *out); /* a row for processes that share everything */
int lsview_each(FILE *out); /* a row for each */
int lsview_json(FILE *out); /* all that is known */

/* The parts of the first. */
void lsview_head(FILE *out);
void lsview_row(FILE *out, const struct ns_row *row);

#endif
