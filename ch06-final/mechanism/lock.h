/*
 * lock.h - flock(2): a lock that ends with the descriptor, whatever becomes of
 * the process.
 */
#ifndef LOCK_H
#define LOCK_H

#include "base.h"

#include <sys/file.h>

/* flock(fd, how), which a signal does not end: 0, or -1 with errno, for the
 * caller to say what it is that was to be locked. */
int lock_take(int fd, int how);

/* The directory at `path`, made with this mode where it is missing, those above
 * it too; locked, unless `how` is 0.  The caller closes it. */
int lock_open_directory(const char *path, mode_t mode, int how);

#endif
