/* progress.c - see progress.h.  Runs in mydocker-image. */
#include "progress.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR 50
#define INTERVAL_MS 100

void
progress_open(struct progress *progress, bool is_quiet)
{
	const char *term = getenv("TERM");
	*progress = (struct progress){
		.is_quiet = is_quiet,
		.is_terminal = isatty(STDOUT_FILENO) && term &&
			       strcmp(term, "dumb") != 0,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
}

void
progress_close(struct progress *progress)
{
	for (size_t i = 0; i < progress->rows; i++)
		free(progress->names[i]);
	free(take_ptr(&progress->names));
	progress->rows = 0;
}

/* The lock is held. */
static void
show(struct progress *progress, size_t row, const char *status)
{
	size_t up = progress->rows - row;
	if (progress->is_quiet)
		return;
	if (progress->is_terminal)
		printf("\033[%zuA\r\033[2K%s: %s\r\033[%zuB", up,
		       progress->names[row], status, up);
	else
		printf("%s: %s\n", progress->names[row], status);
	fflush(stdout);
}

size_t
progress_row(struct progress *progress, const char *name, const char *status)
{
	pthread_mutex_lock(&progress->lock);
	size_t row = progress->rows++;
	progress->names = resize_bytes(progress->names, progress->rows *
				       sizeof(*progress->names));
	progress->names[row] = copy_text(name);
	if (progress->is_terminal && !progress->is_quiet)
		putchar('\n');
	show(progress, row, status);
	pthread_mutex_unlock(&progress->lock);
	return row;
}

void
progress_say(struct progress *progress, size_t row, const char *status)
{
	pthread_mutex_lock(&progress->lock);
	show(progress, row, status);
	pthread_mutex_unlock(&progress->lock);
}

void
progress_line(struct progress *progress, const char *fmt, ...)
{
	va_list args;
	if (progress->is_quiet)
		return;
	pthread_mutex_lock(&progress->lock);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	pthread_mutex_unlock(&progress->lock);
}

/* ---- numbers ----------------------------------------------------------- */

/* "12.3MB", by powers of 1000. */
static void
put_bytes(char *text, size_t size, uint64_t bytes)
{
	double number = bytes;
	const char *unit = "\0kMGTP";
	for (; number >= 1000 && unit[1]; unit++)
		number /= 1000;
	snprintf(text, size, "%.4g%.1sB", number, unit);
}

void
progress_count(struct progress *progress, size_t row, const char *what,
	       uint64_t done, uint64_t all)
{
	char bar[BAR + 1] = "", now_text[16], all_text[16];
	struct timespec time;
	if (progress->is_quiet || !progress->is_terminal || all == 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &time);
	int64_t now_ms = time.tv_sec * 1000 + time.tv_nsec / 1000000;
	pthread_mutex_lock(&progress->lock);
	if (now_ms - progress->shown_ms >= INTERVAL_MS) {
		progress->shown_ms = now_ms;
		size_t full = done >= all ? BAR : done * BAR / all;
		memset(bar, '=', full);
		put_bytes(now_text, sizeof(now_text), done);
		put_bytes(all_text, sizeof(all_text), all);
		auto_free char *status =
			text("%s [%s>%*s]  %s/%s", what, bar,
			     (int)(BAR - full), "", now_text, all_text);
		show(progress, row, status);
	}
	pthread_mutex_unlock(&progress->lock);
}
