/*
 * env_file.h - --env-file and --label-file: "NAME=value", a line each.
 *
 * Blanks in front of a name are none of it; empty lines and those that begin
 * with "#" say nothing; a value is taken as it is, quotes and all.
 */
#ifndef ENV_FILE_H
#define ENV_FILE_H

#include "words.h"

/* Add the lines of the file.  With `from_us` a name alone has the value that
 * our own environment gives it, and stays a name when there is none. */
int env_file_read(const char *path, bool from_us, struct words *pairs);

/* One of them, as -e takes it, too. */
void env_add(const char *pair, bool from_us, struct words *pairs);

#endif
