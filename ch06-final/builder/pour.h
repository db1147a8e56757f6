/*
 * pour.h - files, from where they are to where they are to be: one process
 * reads them as a tar, the other, we, does with that what it is for.
 */
#ifndef POUR_H
#define POUR_H

#include "tool/tar.h"

/* `into` is given the end of a pipe to read the tar from.  What its writer has
 * to say of a failure it has said. */
int pour(const struct tar_source *source, int (*into)(void *data, int input),
	 void *data);

#endif
