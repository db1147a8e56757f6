/* size.c - parent.  See size.h. */
#include "size.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int
size_parse(const char *string, enum size_step step, uint64_t *bytes)
{
	static const char units[] = "kmgtp";
	char *end;
	/* strtod would also take " 1", "-1", "0x1", "inf" and "1e3". */
	size_t digits = strspn(string, "0123456789.");
	double number = strtod(string, &end);
	if (digits == 0 || end != string + digits)
		return failx("invalid size: '%s'", string);
	while (*end == ' ')
		end++;
	int letter = tolower((unsigned char)*end);
	const char *unit = letter ? strchr(units, letter) : NULL;
	if (unit) {
		end++;
		for (const char *u = units; u <= unit; u++)
			number *= step;
		if (*end == 'i' && tolower(end[1]) == 'b')
			end++;
	}
	if (tolower(*end) == 'b')
		end++;
	if (*end)
		return failx("invalid size: '%s'", string);
	/* Beyond this the kernel's counters end. */
	if (number >= (double)INT64_MAX)
		return failx("invalid size: '%s' is too large", string);
	*bytes = number;
	return 0;
}
