/*
 * go_match.h - shell patterns as Go's path/filepath has them: what a source of
 * COPY and ADD is matched by.
 */
#ifndef GO_MATCH_H
#define GO_MATCH_H

#include "base.h"

/*
 * Does the whole of `name` match?  "*" and "?" never match a slash, "[a-z]"
 * and "[^a]" are one character, "\" takes the next as it is; characters are
 * UTF-8's.  1, 0, or -1: "syntax error in pattern", found or not needed.
 */
int go_match(const char *pattern, const char *name);
/* Is there anything in it that is not taken as it is? */
bool go_match_is_pattern(const char *string);

#endif
