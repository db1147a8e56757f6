/*
 * platform.h - for which machines an image is: "linux/amd64", "linux/arm/v7".
 *
 * The words are those of Go, which image-spec (config.md, image-index.md) takes
 * for "os", "architecture" and "variant".
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "words.h"

/* "linux/arm/v7" of its parts, for the caller to free; the last may be NULL or
 * "". */
char *platform_text(const char *os, const char *architecture,
		    const char *variant);

/* Does `found`, which has two parts or three, do for who asked for "arm",
 * "linux", "linux/arm" or "linux/arm/v7"?  Where no variant is said in either
 * any will do. */
bool platform_fits(const char *found, const char *asked);

/* Is it such a text, fit to stand in a name: letters, digits, ".", "_", "-",
 * and at least one slash? */
bool platform_is_valid(const char *platform);

/* The parts of "linux/amd64,linux/arm64"; of NULL there are none. */
void platform_split(const char *list, struct words *platforms);

#endif
