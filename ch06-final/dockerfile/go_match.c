/* go_match.c - see go_match.h. */
#include "go_match.h"

#include <string.h>

#include "pattern.h"

int
go_match(const char *pattern, const char *name)
{
	auto_pattern struct pattern compiled;
	if (pattern_compile(pattern, PATTERN_PATH, &compiled) < 0)
		return -1;
	auto_pattern_run struct pattern_run run;
	pattern_start(&compiled, &run);
	uint32_t character;
	size_t length;
	for (; (length = pattern_character(name, &character)); name += length)
		pattern_feed(&run, character);
	return run.matches;
}

bool
go_match_is_pattern(const char *string)
{
	return strpbrk(string, "*?[\\") != NULL;
}
