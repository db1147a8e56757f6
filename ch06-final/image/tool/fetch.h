/*
 * fetch.h - a file from a web server, as ADD of a build has it.
 */
#ifndef FETCH_H
#define FETCH_H

#include "base.h"

/* Into `fd`, an empty file.  `*modified`: when it was last changed, by what
 * the server says; -1 when it says nothing. */
int fetch_url(const char *url, int fd, int64_t *modified);

#endif
