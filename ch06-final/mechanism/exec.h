/*
 * exec.h - from an argv to a running program, and words for why not.
 */
#ifndef EXEC_H
#define EXEC_H

#include "base.h"

/*
 * The file that argv[0] means: itself when it has a slash in it, otherwise the
 * first executable of that name in the PATH of `env`.  The failures are in
 * Docker's words, which engines look for, and their code is ENOENT or EACCES.
 * The caller frees.
 */
char *exec_find(const char *name, char *const *env);

/* execve(2); returns only to fail. */
int exec_replace(const char *path, char *const *argv, char *const *env);

/* The value of NAME in an array of "NAME=value", or NULL. */
const char *exec_getenv(char *const *env, const char *name);

#endif
