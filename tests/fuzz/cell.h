/*
 * cell.h - a place to unpack things from which nothing should get out, and
 * where it is seen if it does.
 *
 *	int root = cell_begin();
 *	... unpack into root ...
 *	cell_end(root);
 *
 * The first cell_begin() puts the process into a mount namespace (and where it
 * is not root, into a user namespace) of its own and makes an empty tmpfs its
 * root directory: absolute paths lead there, and "..", too.  All that is in it
 * is /cell, the directory that is handed out, /proc, and /outside with a file
 * in it.  The working directory stays, for libFuzzer's own files.
 */
#ifndef CELL_H
#define CELL_H

#include "fuzz.h"

/* An empty directory; ends the program, with 77, where there can be none. */
int cell_begin(void);
/* Holds that nothing outside was touched; removes what was made. */
void cell_end(int root);

#endif
