/* told.c - parent.  See told.h. */
#include "told.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"

enum { KEPT_BYTES = 4096, KEPT_LINES = 10, LINE_MAX_BYTES = 3000 };

static enum told_kind kind;
static atomic_uint *counter;

static int64_t
now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static double
seconds_since(int64_t began_ns)
{
	return (double)(now_ns() - began_ns) / 1e9;
}

int
told_begin(enum told_kind wanted)
{
	counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counter == MAP_FAILED)
		return fail("share a counter");
	if (wanted == TOLD_TERMINAL && screen_begin() < 0)
		return -1;
	kind = wanted;
	return 0;
}

void
told_end(void)
{
	screen_end();
}

/* In one write: lines of several processes do not mix. */
static void
write_out(const char *words)
{
	if (write(STDERR_FILENO, words, strlen(words)) < 0)
		kind = TOLD_NOTHING;
}

/* A line of the thing; or, where it is drawn, what happened to it. */
static void
say(const struct telling *telling, enum screen_event event, const char *words,
    const char *format, ...) printf_like(4, 5);
static void
say(const struct telling *telling, enum screen_event event, const char *words,
    const char *format, ...)
{
	va_list arguments;
	char *line = NULL;
	if (kind == TOLD_TERMINAL)
		screen_tell(event, telling->number, words);
	if (kind != TOLD_PLAIN)
		return;
	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) >= 0)
		write_out(line);
	va_end(arguments);
	free(line);
}

/* Below all things, where they are drawn. */
static void
say_after(const char *words)
{
	if (kind == TOLD_TERMINAL)
		screen_tell(SCREEN_AFTER, 0, words);
	else
		write_out(words);
}

static void
end(struct telling *telling)
{
	free(take_ptr(&telling->name));
	free(take_ptr(&telling->last));
	free(take_ptr(&telling->part));
	telling->last_length = telling->part_length = 0;
}

void
telling_begin(struct telling *telling, const char *name)
{
	*telling = (struct telling){
		.number = atomic_fetch_add(counter, 1) + 1,
		.began_ns = now_ns(),
		.name = copy_text(name),
		.last = new_bytes(KEPT_BYTES),
		.part = new_bytes(LINE_MAX_BYTES),
	};
	say(telling, SCREEN_BEGIN, name, "#%u %s\n", telling->number, name);
}

void
telling_note(const struct telling *telling, const char *format, ...)
{
	va_list arguments;
	char *line = NULL;
	va_start(arguments, format);
	int length = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (length >= 0)
		say(telling, SCREEN_NOTE, line, "#%u %s\n", telling->number,
		    line);
	free(line);
}

/* ---- what a program says ------------------------------------------------- */

static void
keep(struct telling *telling, const char *line)
{
	size_t length = strlen(line);
	if (length >= KEPT_BYTES)
		return;
	while (telling->last_length + length + 1 >= KEPT_BYTES) {
		char *next = memchr(telling->last, '\n', telling->last_length);
		size_t gone = next + 1 - telling->last;
		telling->last_length -= gone;
		memmove(telling->last, telling->last + gone,
			telling->last_length);
	}
	memcpy(telling->last + telling->last_length, line, length);
	telling->last_length += length;
	telling->last[telling->last_length++] = '\n';
}

static void
end_line(struct telling *telling)
{
	auto_free char *line = text("%.3f %.*s",
				    seconds_since(telling->began_ns),
				    (int)telling->part_length, telling->part);
	telling->part_length = 0;
	say(telling, SCREEN_OUTPUT, strchr(line, ' ') + 1, "#%u %s\n",
	    telling->number, line);
	keep(telling, line);
}

void
telling_output(struct telling *telling, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n') {
			end_line(telling);
			continue;
		}
		if (telling->part_length == LINE_MAX_BYTES)
			end_line(telling);
		if (bytes[i] != '\r' && bytes[i] != '\0')
			telling->part[telling->part_length++] = bytes[i];
	}
}

/* ---- the end ------------------------------------------------------------- */

void
telling_done(struct telling *telling)
{
	if (telling->part_length)
		end_line(telling);
	say(telling, SCREEN_DONE, "", "#%u DONE %.1fs\n\n", telling->number,
	    seconds_since(telling->began_ns));
	end(telling);
}

void
telling_cached(struct telling *telling)
{
	say(telling, SCREEN_CACHED, "", "#%u CACHED\n\n", telling->number);
	end(telling);
}

/* Where the last lines of what was kept begin. */
static const char *
last_lines(const struct telling *telling)
{
	const char *at = telling->last + telling->last_length;
	for (int lines = 0; at > telling->last; at--)
		if (at[-1] == '\n' && lines++ == KEPT_LINES)
			break;
	return at;
}

void
telling_failed(struct telling *telling)
{
	if (telling->part_length)
		end_line(telling);
	say(telling, SCREEN_FAILED, "", "#%u ERROR: %s\n", telling->number,
	    failure.text);
	const char *said = last_lines(telling);
	int length = telling->last + telling->last_length - said;
	/* Whoever is told nothing on the way is told this. */
	auto_free char *block = text("------\n > %s:\n%.*s------\n",
				     telling->name, length, said);
	say_after(block);
	end(telling);
}

void
told_complain(const char *excerpt)
{
	auto_free char *words =
		text("%s%sERROR: failed to build: failed to solve: %s\n",
		     excerpt, *excerpt ? "\n" : "", failure.text);
	say_after(words);
}

void
told_warn(const char *format, ...)
{
	va_list arguments;
	char *words = NULL;
	va_start(arguments, format);
	if (vasprintf(&words, format, arguments) >= 0)
		say_after(words);
	va_end(arguments);
	free(words);
}
