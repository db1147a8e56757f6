/* curves.h - what cgroups used over some seconds, as a picture. */
#ifndef CURVES_H
#define CURVES_H

#include <stdio.h>

#include "watched.h"

/*
 * An SVG document: a panel for each kind of use, a curve in it for each of the
 * cgroups, told apart by its dashes and the name at its end, and a dotted line
 * for its limit.  No colours: it can be printed in grey.
 */
void curves_print(FILE *out, const struct watched *all, size_t count);

#endif
