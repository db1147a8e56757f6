/*
 * life.h - a container from its start to its end, and again.
 */
#ifndef LIFE_H
#define LIFE_H

#include "base.h"

struct monitor;

/* The first start is under way already: somebody is at LAUNCH_REPORT. */
void life_begin(struct monitor *m, int report, int in, int out, int err);

/* Bury whichever children have ended: process 1, those we run, strays. */
void life_reap(struct monitor *m);

/* Do what is due; how long until there is more (-1: only when something
 * happens). */
int64_t life_go_on(struct monitor *m);

#endif
