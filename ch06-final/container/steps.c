/* steps.c - parent.  See steps.h. */
#include "steps.h"

#include <string.h>

#include "making.h"
#include "stepping.h"

static bool
is_step(const char *name)
{
	for (const struct step *step = up_steps; step->name; step++)
		if (strcmp(step->name, name) == 0)
			return true;
	return making_is_step(name);
}

int
steps_check_names(void)
{
	return stepping_check(is_step, "-v");
}

int
steps_do(const struct step *step, struct container *c)
{
	stepping_tell("step", step->name);
	return stepping_end(step->name, step->up(c));
}
