/*
 * image_program.h - what of a build takes a network: mydocker-image does it.
 *
 * So this program need not have libcurl, and the 25 libraries that come with
 * it: to load them takes longer than all the rest of a build in which nothing
 * is to be done.
 */
#ifndef IMAGE_PROGRAM_H
#define IMAGE_PROGRAM_H

#include "storage.h"
#include "told.h"

/*
 * Run it for the store of this root and driver, with these words, NULL at the
 * end.  Its standard output is `output`;
 * or, when that is -1, told as `telling`'s.  What it complains of is our
 * failure, if it failed.
 */
int image_program_run(const char *root, enum storage driver,
		      const char *const words[], int output,
		      struct telling *telling);

#endif
