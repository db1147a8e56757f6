/* signals.c - parent.  See signals.h. */
#include "signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STATUS "/proc/self/status"
#define NAME(name) { #name, SIG##name }

/* Those of real time have no names: they are counted from either end. */
static const struct {
	const char *name;
	int number;
} names[] = {
	NAME(HUP),  NAME(INT),	  NAME(QUIT), NAME(ILL),   NAME(TRAP),
	NAME(ABRT), NAME(IOT),	  NAME(BUS),  NAME(FPE),   NAME(KILL),
	NAME(USR1), NAME(SEGV),	  NAME(USR2), NAME(PIPE),  NAME(ALRM),
	NAME(TERM), NAME(STKFLT), NAME(CHLD), NAME(CONT),  NAME(STOP),
	NAME(TSTP), NAME(TTIN),	  NAME(TTOU), NAME(URG),   NAME(XCPU),
	NAME(XFSZ), NAME(VTALRM), NAME(PROF), NAME(WINCH), NAME(IO),
	NAME(POLL), NAME(PWR),	  NAME(SYS),
};

static bool
parse_real_time(const char *name, int *number)
{
	bool from_end = strncasecmp(name, "RTMAX", 5) == 0;
	if (!from_end && strncasecmp(name, "RTMIN", 5) != 0)
		return false;
	const char *rest = name + 5;
	uint64_t steps = 0;
	if (*rest && (*rest != (from_end ? '-' : '+') ||
		      parse_number(rest + 1, 0, SIGRTMAX - SIGRTMIN,
				   &steps) < 0))
		return false;
	*number = from_end ? SIGRTMAX - (int)steps : SIGRTMIN + (int)steps;
	return true;
}

int
signal_parse(const char *string, int *number)
{
	uint64_t value;
	if (parse_number(string, 0, SIGRTMAX, &value) == 0) {
		*number = value;
		return 0;
	}
	const char *name = string;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < countof(names); i++) {
		if (strcasecmp(names[i].name, name) == 0) {
			*number = names[i].number;
			return 0;
		}
	}
	if (parse_real_time(name, number))
		return 0;
	return failx("unknown signal \"%.64s\"", string);
}

int
signals_ignored(uint64_t *set)
{
	static const char heading[] = "\nSigIgn:";
	static uint64_t ignored;
	static bool is_known;
	if (is_known) {
		*set = ignored;
		return 0;
	}
	char usual[4096];
	auto_free char *longer = NULL;
	/* It may be longer: whoever has thousands of groups. */
	if (read_once(AT_FDCWD, STATUS, usual, sizeof(usual)) < 0 &&
	    !(longer = read_all(AT_FDCWD, STATUS, NULL)))
		return -1;
	const char *line = strstr(longer ?: usual, heading);
	if (!line)
		return failx(STATUS " has no SigIgn");
	*set = ignored = strtoull(line + strlen(heading), NULL, 16);
	is_known = true;
	return 0;
}
