/* curves.c - see curves.h. */
#include "curves.h"

#include <math.h>

#define WIDTH 640
#define LEFT 60	  /* of a panel, and what is right of it for names */
#define RIGHT 120
#define PANEL 90  /* height */
#define STEP 130  /* from one panel to the next */
#define TOP 30
#define LINE 12	  /* of text */

static const struct panel {
	enum watched_kind kind;
	const char *title;
} panels[] = {
	{ WATCHED_CPU, "CPU time, % of one CPU" },
	{ WATCHED_MEMORY, "memory, MiB" },
	{ WATCHED_DISK, "disk, kB/s" },
	{ WATCHED_PIDS, "processes and threads" },
};

/* Where things are: seconds to x and values to y. */
struct scale {
	uint64_t start_us, end_us;
	double top; /* the largest value */
	int bottom; /* y of 0 */
};

static double
x_of(const struct scale *scale, uint64_t us)
{
	return LEFT + (double)(us - scale->start_us) * (WIDTH - LEFT - RIGHT) /
			      (scale->end_us - scale->start_us);
}

static double
y_of(const struct scale *scale, double value)
{
	return scale->bottom - value * PANEL / scale->top;
}

/* 1, 2 or 5 times a power of ten, and no less than the value. */
static double
round_up(double value)
{
	double unit = 1;
	while (value > 5 * unit)
		unit *= 10;
	return value <= unit ? unit : value <= 2 * unit ? 2 * unit : 5 * unit;
}

static double
largest(const struct watched *all, size_t count, enum watched_kind kind)
{
	double top = 0;
	for (size_t c = 0; c < count; c++) {
		double limit = watched_limit(&all[c], kind);
		if (!isinf(limit) && limit > top)
			top = limit;
		for (size_t i = 1; i < all[c].count; i++) {
			double value = watched_value(&all[c], kind, i);
			if (value > top) /* never so when it is not told */
				top = value;
		}
	}
	return round_up(top);
}

static void
put_frame(FILE *out, const struct scale *scale, const char *title)
{
	int right = WIDTH - RIGHT;
	fprintf(out, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n",
		LEFT, scale->bottom - PANEL - 8, title);
	fprintf(out, "<path d=\"M%d %dV%dH%d\" stroke=\"#888\"/>\n", LEFT,
		scale->bottom - PANEL, scale->bottom, right);
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%g</text>\n",
		LEFT - 6, scale->bottom - PANEL + 10, scale->top);
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>\n",
		LEFT - 6, scale->bottom);
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.1f s"
		"</text>\n", right, scale->bottom + 16,
		(scale->end_us - scale->start_us) / 1e6);
}

/*
 * The names are of letters, digits and what else XML takes as it is; one that
 * would cover the name before it, at `*taken`, goes above it.
 */
static void
put_name(FILE *out, const char *name, int number, double y, double *taken)
{
	if (y > *taken - LINE && y < *taken + LINE)
		y = *taken - LINE;
	*taken = y;
	fprintf(out, "<text x=\"%d\" y=\"%.1f\">%s%s</text>\n",
		WIDTH - RIGHT + 6, y, number > 0 ? "- - " : "", name);
}

static void
put_curve(FILE *out, const struct scale *scale, const struct watched *watched,
	  enum watched_kind kind, int number, double *taken)
{
	double y = NAN;
	fprintf(out, "<path stroke=\"#000\" stroke-width=\"1.5\"");
	if (number > 0)
		fprintf(out, " stroke-dasharray=\"%d 3\"", 10 - 3 * number);
	fputs(" d=\"", out);
	for (size_t i = 1; i < watched->count; i++) {
		double value = watched_value(watched, kind, i);
		if (isnan(value))
			continue;
		fprintf(out, "%c%.1f %.1f", isnan(y) ? 'M' : 'L',
			x_of(scale, watched->samples[i].us),
			y_of(scale, value));
		y = y_of(scale, value);
	}
	fputs("\"/>\n", out);
	double limit = watched_limit(watched, kind);
	if (!isinf(limit))
		fprintf(out, "<path stroke=\"#000\" stroke-dasharray=\"1 3\" "
			"d=\"M%d %.1fH%d\"/>\n", LEFT, y_of(scale, limit),
			WIDTH - RIGHT);
	if (!isnan(y))
		put_name(out, watched_label(watched), number, y + 4, taken);
}

void
curves_print(FILE *out, const struct watched *all, size_t count)
{
	int height = TOP + STEP * countof(panels);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-labelledby=\"title desc\" "
		"font-family=\"sans-serif\" font-size=\"%d\">\n"
		"<title id=\"title\">What %zu cgroups used</title>\n"
		"<desc id=\"desc\">Four panels over time, as the kernel "
		"counted: ", WIDTH, height, WIDTH, height, LINE, count);
	for (size_t p = 0; p < countof(panels); p++)
		fprintf(out, "%s%s", p ? "; " : "", panels[p].title);
	fputs(". Dotted: the limit.</desc>\n"
	      "<style>path { fill: none }</style>\n"
	      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
	for (size_t p = 0; p < countof(panels); p++) {
		const struct watched *first = &all[0];
		struct scale scale = {
			.start_us = first->samples[0].us,
			.end_us = first->samples[first->count - 1].us,
			.top = largest(all, count, panels[p].kind),
			.bottom = TOP + STEP * p + PANEL,
		};
		double taken = -LINE;
		put_frame(out, &scale, panels[p].title);
		for (size_t c = 0; c < count; c++)
			put_curve(out, &scale, &all[c], panels[p].kind, c,
				  &taken);
	}
	fputs("</svg>\n", out);
}
