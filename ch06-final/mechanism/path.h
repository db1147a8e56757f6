/*
 * path.h - paths as text: what one says, whatever is there.  Whoever opens what
 * a path inside a container leads to needs safepath.h.
 */
#ifndef PATH_H
#define PATH_H

#include "base.h"

/* "/a//b/../c/" as "/a/c", without looking: Go's path.Clean.  The caller
 * frees. */
char *path_clean(const char *path);

/* How many directories deep "/a/b" is, ".." counted as what it does. */
int path_depth(const char *path);

#endif
