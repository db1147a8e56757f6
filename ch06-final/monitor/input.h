/*
 * input.h - the container's standard input: what clients say, one message at
 * a time.  While the container does not read, no client that writes is read.
 */
#ifndef INPUT_H
#define INPUT_H

#include "base.h"

struct monitor;

/* `fd` is ours from now on; -1: what comes is thrown away. */
void input_open(struct monitor *m, int fd);
bool input_is_busy(const struct monitor *m);
/* Only while it is not busy. */
void input_put(struct monitor *m, const char *bytes, size_t length);
/* A client's input has ended: with `run -i` that is the container's end, but
 * not that of a terminal, where it is typed. */
void input_end(struct monitor *m);
/* The container has ended. */
void input_close(struct monitor *m);

#endif
