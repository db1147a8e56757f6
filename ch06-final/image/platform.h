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

/*
 * The same in the words that are Go's: "aarch64" and "linux/arm64/v8" are
 * "linux/arm64", "linux/arm" and "armhf" are "linux/arm/v7", "x86_64" and
 * "linux/amd64/v1" are "linux/amd64" (containerd's platforms, normalizeArch()).
 * For the caller to free.
 */
char *platform_normal(const char *platform);

/* How far is what was found from what was asked for ("arm64", "linux",
 * "linux/arm/v7"), whatever words they are in?  0: it is that; -1: it will not
 * do; between, the least is the best.  What says no variant does for any, and
 * an older one for an arm whose variant nobody asked for. */
int platform_distance(const char *found, const char *asked);

/* Will it do? */
bool platform_fits(const char *found, const char *asked);

/* Is it such a text, fit to stand in a name: letters, digits, ".", "_", "-",
 * and at least one slash? */
bool platform_is_valid(const char *platform);

/* The parts of "linux/amd64,linux/arm64"; of NULL there are none. */
void platform_split(const char *list, struct words *platforms);

#endif
