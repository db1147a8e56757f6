/* steps.c - parent and child.  See steps.h. */
#include "steps.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

void
steps_trace(const char *direction, const char *name)
{
	if (!trace_hook)
		return;
	auto_free char *line = text("-- %s %s", direction, name);
	trace_hook(line);
}

static bool
is_asked_for(const char *variable, const char *name)
{
	const char *value = getenv(variable);
	return value && strcmp(value, name) == 0;
}

static bool
has_step(const struct step *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

int
steps_check_names(void)
{
	static const char *const variables[] = { "FAIL_AT", "PAUSE_AT" };
	for (size_t i = 0; i < countof(variables); i++) {
		const char *name = getenv(variables[i]);
		if (name && *name && !has_step(up_steps, name) &&
		    !has_step(child_steps, name))
			return failx("%s=%s: there is no such step; -v shows "
				     "their names", variables[i], name);
	}
	return 0;
}

/* Until Ctrl-C: the runtime has its signals blocked, and takes one here.  (In
 * the child, process 1 of its namespace, none arrives.) */
static int
pause_at(const char *name)
{
	sigset_t ending;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	prctl(PR_SET_NAME, "paused");
	sigwaitinfo(&ending, NULL);
	return failx("%s: interrupted while paused there", name);
}

int
steps_do(const struct step *step, struct container *c)
{
	steps_trace("step", step->name);
	if (step->up(c) < 0)
		return wrap("%s", step->name);
	if (is_asked_for("FAIL_AT", step->name))
		return failx("%s: made to fail by FAIL_AT", step->name);
	if (is_asked_for("PAUSE_AT", step->name))
		return pause_at(step->name);
	return 0;
}
