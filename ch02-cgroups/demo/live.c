/* live.c - see live.h. */
#include "live.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bars.h"
#include "clock.h"
#include "ours.h"
#include "tour.h"

#define FRAME_US 500000

/* ---- the terminal ------------------------------------------------------- */

static void
wake_up(int signal)
{
	(void)signal;
}

bool
live_begin(void)
{
	if (!isatty(STDOUT_FILENO))
		return false;
	/* Without SA_RESTART, so that nanosleep(2) returns. */
	sigaction(SIGWINCH, &(struct sigaction){ .sa_handler = wake_up }, NULL);
	tour_screen(true);
	return true;
}

void
live_end(void)
{
	tour_screen(false);
}

void
live_draw(const struct watched *all, size_t count)
{
	auto_free char *frame = NULL;
	size_t length;
	FILE *out = open_memstream(&frame, &length);
	if (!out)
		return;
	struct winsize size = { 0 };
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	/* The heading, and a last line that stays empty, since the newline
	 * there would scroll. */
	if (size.ws_row > 2 && count > size.ws_row - 2u)
		count = size.ws_row - 2;
	fputs("\033[H", out); /* home */
	bars_print(out, all, count, size.ws_col ? size.ws_col : BARS_WIDTH,
		   "\033[K\n"); /* erase the rest of the line */
	fputs("\033[J", out); /* and what is below */
	fclose(out);
	if (write(STDOUT_FILENO, frame, length) < 0)
		return; /* the next frame will do */
}

void
live_draw_until(uint64_t us, const struct watched *all, size_t count)
{
	for (uint64_t now; (now = clock_us()) < us;) {
		live_draw(all, count);
		clock_sleep_us(us - now);
	}
}

/* ---- all of ours -------------------------------------------------------- */

struct table {
	struct watched *all;
	size_t count;
};

/* Out of the table, or begun to be watched; false: it is gone. */
static bool
take(struct table *table, const char *name, struct watched *watched)
{
	int depth = 0;
	for (const char *c = name; *c; c++)
		depth += *c == '/';
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->all[i].cg.name, name) == 0) {
			*watched = table->all[i];
			table->all[i] = table->all[--table->count];
			return true;
		}
	return watched_open(watched, name, depth) == 0;
}

static void
drop(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		watched_close(&table->all[i]);
	free(table->all);
}

/* Look at all there are now; those that were there keep what was seen. */
static int
look(struct table *table)
{
	auto_hierarchies struct hierarchies found = { 0 };
	if (hierarchy_find_all(&found) < 0)
		return -1;
	auto_ours struct ours ours;
	ours_find(&found, &ours);
	struct table now = {
		.all = new_bytes((ours.count + 1) * sizeof(*now.all)),
	};
	for (size_t i = 0; i < ours.count; i++) {
		struct watched *watched = &now.all[now.count];
		if (!take(table, ours.names[i], watched))
			continue;
		if (watched_look(watched) < 0) {
			watched_close(watched);
			continue;
		}
		watched_forget(watched);
		now.count++;
	}
	drop(table);
	*table = now;
	return 0;
}

int
live_print(FILE *out)
{
	struct table table = { 0 };
	bool live = live_begin();
	uint64_t next = clock_us();
	for (int frame = 0; live || frame < 2; frame++) {
		if (look(&table) < 0)
			return -1;
		next += FRAME_US;
		if (live)
			live_draw_until(next, table.all, table.count);
		else if (frame == 0)
			clock_sleep_us(FRAME_US);
	}
	bars_print(out, table.all, table.count, BARS_WIDTH, "\n");
	drop(&table);
	return 0;
}
