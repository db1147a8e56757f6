/*
 * fetch.h - a file from a web server, as ADD of a build has it.
 */
#ifndef FETCH_H
#define FETCH_H

#include "base.h"

/* Into `fd`, an empty file, which is then from when the server says it was last
 * changed, if it does. */
int fetch_url(const char *url, int fd);

#endif
