/* stepping.c - parent and child.  See stepping.h. */
#include "stepping.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

void
stepping_tell(const char *direction, const char *name)
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

/* Until Ctrl-C.  (In the child, process 1 of its namespace, none arrives.) */
static int
pause_here(void)
{
	sigset_t ending;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	prctl(PR_SET_NAME, "paused");
	sigwaitinfo(&ending, NULL);
	return failx("interrupted while paused there");
}

int
stepping_end(const char *name, int result)
{
	if (result == 0 && is_asked_for("FAIL_AT", name))
		result = failx("made to fail by FAIL_AT");
	if (result == 0 && is_asked_for("PAUSE_AT", name))
		result = pause_here();
	return result < 0 ? wrap("%s", name) : 0;
}

int
stepping_check(bool (*is_step)(const char *name), const char *option)
{
	static const char *const variables[] = { "FAIL_AT", "PAUSE_AT" };
	for (size_t i = 0; i < countof(variables); i++) {
		const char *name = getenv(variables[i]);
		if (name && *name && !is_step(name))
			return failx("%s=%s: there is no such step; %s shows "
				     "their names", variables[i], name,
				     option);
	}
	return 0;
}
