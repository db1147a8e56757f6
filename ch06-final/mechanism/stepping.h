/*
 * stepping.h - what all tables of steps have in common: each step is told, and
 * in tests made to fail or held when its work is done.
 *
 *	stepping_tell("step", step->name);
 *	return stepping_end(step->name, step->up(c));
 */
#ifndef STEPPING_H
#define STEPPING_H

#include "base.h"

/* Say what is done ("step", "undo"), to who listens to trace_hook. */
void stepping_tell(const char *direction, const char *name);

/*
 * A step has ended with `result`.  A failure gets its name in front.  FAIL_AT
 * with this name makes it fail; PAUSE_AT holds the process that did it, under
 * the name "paused", so that a test can kill it at exactly this point, or a
 * reader look around; Ctrl-C ends it.
 */
int stepping_end(const char *name, int result);

/* Before the first: a FAIL_AT or PAUSE_AT that names no step is refused.
 * `option` is what shows their names to the user. */
int stepping_check(bool (*is_step)(const char *name), const char *option);

#endif
