/*
 * live.h - cgroups drawn on the whole terminal, over and over.
 *
 * A frame is one write(2), from the upper left corner over what is there:
 * nothing is cleared first, so nothing flickers.
 */
#ifndef LIVE_H
#define LIVE_H

#include "watched.h"

/* Take the terminal, when standard output is one (tour_screen()).  A change of
 * its size interrupts sleeps from now on. */
bool live_begin(void);
void live_end(void);

void live_draw(const struct watched *all, size_t count);

/* Sleep until then, CLOCK_MONOTONIC, and draw what is known whenever the
 * terminal has changed its size. */
void live_draw_until(uint64_t us, const struct watched *all, size_t count);

/* The view: all cgroups of ours on this host, until Ctrl-C; to what is no
 * terminal, one frame. */
int live_print(FILE *out);

#endif
