/*
 * sizes.h - what files take, as du(1) counts with --apparent-size.
 */
#ifndef SIZES_H
#define SIZES_H

#include "base.h"

/* Bytes in the files of a directory and below, each file once however many
 * names it has; on this file system only.  0 where there is nothing. */
uint64_t sizes_of_tree(const char *path);

#endif
