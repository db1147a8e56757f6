/* bars.h - what cgroups use, as bars for a terminal. */
#ifndef BARS_H
#define BARS_H

#include <stdio.h>

#include "watched.h"

#define BARS_WIDTH 80 /* where no terminal says */

/*
 * A heading and a row for each, no wider than `width` columns.  Each line ends
 * with `end`, "\n" or what a terminal needs in its place.  A bar is as long as
 * there is a limit, or all that the machine has.
 */
void bars_print(FILE *out, const struct watched *all, size_t count, int width,
		const char *end);

#endif
