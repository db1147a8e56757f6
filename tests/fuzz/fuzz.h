/*
 * fuzz.h - what every fuzzing target is made of.
 *
 * A target is one file, fuzz_NAME.c, with the one function
 *
 *	int fuzz(const uint8_t *data, size_t size)
 *
 * that gives these bytes, which may be any, to a module, and returns 0; what it
 * finds out about the answer it says with hold().  It must come to an end, let
 * go of all it took, and leave nothing that the next input would see.  Inputs
 * that once were worth trying are kept, small, in corpus/NAME/.
 *
 *	make fuzz TARGET=NAME SECONDS=600	clang's libFuzzer tries others
 *	make fuzz-keep TARGET=NAME		keeps what led to new places
 *	tests/build/fuzz/fuzz_NAME FILE		one input again
 *
 * libFuzzer changes inputs at random and goes on with those that reach code
 * that no other did, under the sanitizers for addresses, leaks and undefined
 * behaviour.  It writes what fails to tests/build/fuzz/found/NAME-*: mend the
 * mistake, and put the file into the corpus.  The suite `asan` of run.py plays
 * every corpus again, with gcc and replay.c.
 *
 * A target is linked with the modules of chapter 6: see ../Makefile.  Words
 * worth putting in, if there are any, are in NAME.dict.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "base.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The name by which libFuzzer looks for it. */
#define fuzz LLVMFuzzerTestOneInput
int fuzz(const uint8_t *data, size_t size);

/* What must be true whatever the input is. */
#define hold(condition)                                                       \
	do {                                                                  \
		if (!(condition)) {                                           \
			fprintf(stderr, "%s:%d: does not hold: %s (%s)\n",    \
				__FILE__, __LINE__, #condition,               \
				failure.text);                                \
			abort();                                              \
		}                                                             \
	} while (0)

/* A copy that ends where its allocation does, so that who reads on is seen;
 * as a text, with a NUL after it, the second. */
static inline char *
fuzz_bytes(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	hold(copy);
	return size ? memcpy(copy, data, size) : copy;
}

static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	hold(copy);
	copy[size] = '\0';
	return size ? memcpy(copy, data, size) : copy;
}

#endif
