/* bars.c - see bars.h. */
#include "bars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "words.h"

#define LABEL 14
#define BAR_MIN 4
#define BAR_MAX 40
#define BESIDES_BARS 66 /* columns of all that is no bar */

/* Of all there is, when nothing limits it. */
static double
whole(enum watched_kind kind)
{
	struct sysinfo machine;
	if (kind == WATCHED_CPU)
		return 100.0 * get_nprocs();
	return sysinfo(&machine) < 0 ? INFINITY :
		(double)machine.totalram * machine.mem_unit / MIB;
}

static void
put_bar(FILE *out, const struct watched *watched, enum watched_kind kind,
	int length)
{
	double limit = watched_limit(watched, kind);
	double value = watched_value(watched, kind, watched->count - 1);
	double part = value / (isinf(limit) ? whole(kind) : limit);
	fputc('[', out);
	for (int i = 0; i < length; i++)
		fputc(part * length >= i + 0.5 ? '#' : '.', out);
	fputc(']', out);
}

/* "12.0", "12.0/64.0" where there is a limit, "-" where nothing is told. */
static struct words
value_words(const struct watched *watched, enum watched_kind kind, int digits)
{
	struct words words = { "-" };
	double limit = watched_limit(watched, kind);
	double value = watched_value(watched, kind, watched->count - 1);
	if (!isnan(value))
		snprintf(words.text, sizeof(words.text),
			 isinf(limit) ? "%.*f" : "%.*f/%.*f", digits, value,
			 digits, limit);
	return words;
}

static void
put_row(FILE *out, const struct watched *watched, int bar)
{
	fprintf(out, "  %*s%-*.*s ", watched->depth, "", LABEL - watched->depth,
		LABEL - watched->depth, watched_label(watched));
	put_bar(out, watched, WATCHED_CPU, bar);
	fprintf(out, " %7s ", value_words(watched, WATCHED_CPU, 0).text);
	put_bar(out, watched, WATCHED_MEMORY, bar);
	fprintf(out, " %15s %8s %7s",
		value_words(watched, WATCHED_MEMORY, 1).text,
		value_words(watched, WATCHED_DISK, 1).text,
		value_words(watched, WATCHED_PIDS, 0).text);
}

void
bars_print(FILE *out, const struct watched *all, size_t count, int width,
	   const char *end)
{
	int bar = (width - BESIDES_BARS) / 2;
	bar = bar < BAR_MIN ? BAR_MIN : bar > BAR_MAX ? BAR_MAX : bar;
	for (size_t i = 0; i <= count; i++) {
		auto_free char *line = NULL;
		size_t length;
		FILE *row = open_memstream(&line, &length);
		if (!row)
			return;
		if (i == 0)
			fprintf(row, "  %-*s %-*s %-*s %*s %8s %7s", LABEL,
				"cgroup", bar + 10, "CPU, %", bar + 2, "memory",
				15, "MiB", "disk kB/s", "pids");
		else
			put_row(row, &all[i - 1], bar);
		fclose(row);
		fprintf(out, "%.*s%s", width, line, end);
	}
	if (count == 0)
		fprintf(out, "  (none)%s", end);
}
