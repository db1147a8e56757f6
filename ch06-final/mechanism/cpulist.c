/* cpulist.c - see cpulist.h. */
#include "cpulist.h"

#include <stdlib.h>
#include <string.h>

#define CPULIST_MAX 8192 /* as many CPUs as Linux can be built for */

/* "3" or "0-2" into the set. */
static int
take_range(char *range, bool *set)
{
	/* lab take_range: Cut the text at the dash, if there is one; both
	 * halves are strict numbers below CPULIST_MAX (parse_number of base.h
	 * says why one is not).  A range that goes backwards is a failure.
	 * Set every element from the first to the last. */
	uint64_t first, last;
	char *dash = strchr(range, '-');
	if (dash)
		*dash++ = '\0';
	if (parse_number(range, 0, CPULIST_MAX - 1, &first) < 0 ||
	    parse_number(dash ? dash : range, 0, CPULIST_MAX - 1, &last) < 0)
		return -1;
	if (first > last)
		return failx("%s-%s goes backwards", range, dash);
	for (uint64_t i = first; i <= last; i++)
		set[i] = true;
	return 0;
	/* lab end: (void)set;
	 * return failx("take_range(%s): not written yet", range); */
}

static char *
show(const bool *set)
{
	char *list = NULL;
	size_t size;
	FILE *out = open_memstream(&list, &size);
	const char *comma = "";
	for (int i = 0; i < CPULIST_MAX; i++) {
		if (!set[i])
			continue;
		int first = i;
		while (i + 1 < CPULIST_MAX && set[i + 1])
			i++;
		fprintf(out, "%s%d", comma, first);
		if (i > first)
			fprintf(out, "-%d", i);
		comma = ",";
	}
	fclose(out);
	return list;
}

char *
cpulist_normalize(const char *list)
{
	auto_free bool *set = new_bytes(CPULIST_MAX * sizeof(*set));
	auto_free char *ranges = copy_text(list);
	char *rest = ranges;
	for (char *range; (range = strsep(&rest, ","));)
		if (take_range(range, set) < 0) {
			wrap("\"%s\" is no list like 0-2,7", list);
			return NULL;
		}
	return show(set);
}
