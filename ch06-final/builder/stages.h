/*
 * stages.h - the stages of a Dockerfile, from FROM to the end of each.
 *
 * What is on the shelf is found here and now; from the first step on that has
 * to be done a stage goes on in a process of its own, at the same time as the
 * others.  It leaves in the scratch directory how far it came, for those that
 * begin with it or copy from it.
 */
#ifndef BUILD_STAGES_H
#define BUILD_STAGES_H

#include "build.h"

/* All that the stage `target` needs; build->done has it then.  What failed has
 * been told, with its line. */
int stages_run(struct build *build, int target);

/* The signal that made stages_run() fail, or 0. */
int stages_interrupted(void);

#endif
