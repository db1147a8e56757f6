/* screen.c - parent, and the process that draws.  See screen.h. */
#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_MS = 100, SAID_LINES = 6, WORDS_MAX = 8192 };

struct message {
	enum screen_event event;
	unsigned int number;
	char words[WORDS_MAX];
};

static int to_drawer = -1;
static pid_t drawer;

/* ---- what is known ------------------------------------------------------- */

struct thing {
	unsigned int number;
	enum screen_event state; /* BEGIN as long as it goes on */
	int64_t began_ns, ended_ns;
	char *name;
	char *notes[SAID_LINES], *said[SAID_LINES]; /* the last, then NULL */
};

struct screen {
	struct thing *things;
	size_t count;
	int64_t began_ns;
	char *after;
	size_t drawn; /* lines that stand there now */
	bool is_over, is_plain; /* NO_COLOR */
};

static int64_t
now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static struct thing *
find(struct screen *screen, unsigned int number)
{
	for (size_t i = screen->count; i > 0; i--)
		if (screen->things[i - 1].number == number)
			return &screen->things[i - 1];
	return NULL;
}

static void
add(struct screen *screen, const struct message *message)
{
	screen->things = resize_bytes(screen->things, (screen->count + 1) *
						       sizeof(struct thing));
	screen->things[screen->count++] = (struct thing){
		.number = message->number,
		.state = SCREEN_BEGIN,
		.began_ns = now_ns(),
		.name = copy_text(message->words),
	};
}

/* The oldest goes when there are as many as are shown. */
static void
keep(char *lines[SAID_LINES], const char *line)
{
	size_t count = 0;
	while (count < SAID_LINES && lines[count])
		count++;
	if (count == SAID_LINES) {
		free(lines[0]);
		memmove(lines, lines + 1, --count * sizeof(*lines));
	}
	lines[count] = copy_text(line);
}

static void
take(struct screen *screen, const struct message *message)
{
	struct thing *thing = find(screen, message->number);
	if (message->event == SCREEN_END) {
		screen->is_over = true;
	} else if (message->event == SCREEN_AFTER) {
		char *longer = text("%s%s", screen->after ?: "",
				    message->words);
		free(screen->after);
		screen->after = longer;
	} else if (message->event == SCREEN_BEGIN) {
		add(screen, message);
	} else if (thing && message->event == SCREEN_NOTE) {
		keep(thing->notes, message->words);
	} else if (thing && message->event == SCREEN_OUTPUT) {
		keep(thing->said, message->words);
	} else if (thing) {
		thing->state = message->event;
		thing->ended_ns = now_ns();
	}
}

/* ---- lines --------------------------------------------------------------- */

struct line {
	char *words;
	const char *colour;
	int64_t took_ns; /* -1: no time stands at its end */
	bool is_past;	 /* of something that is over */
};

struct lines {
	struct line *list;
	size_t count;
};

static void
put(struct lines *lines, const struct thing *thing, char *words, bool is_timed)
{
	static const char *const colours[] = {
		[SCREEN_BEGIN] = "", [SCREEN_DONE] = "\033[34m",
		[SCREEN_CACHED] = "\033[34m", [SCREEN_FAILED] = "\033[31m",
	};
	bool is_past = thing->state != SCREEN_BEGIN;
	int64_t until = is_past ? thing->ended_ns : now_ns();
	lines->list = resize_bytes(lines->list, (lines->count + 1) *
						sizeof(struct line));
	lines->list[lines->count++] = (struct line){
		.words = words,
		.colour = colours[thing->state],
		.took_ns = is_timed ? until - thing->began_ns : -1,
		.is_past = is_past,
	};
}

static void
put_thing(struct lines *lines, const struct thing *thing)
{
	static const char *const marks[] = {
		[SCREEN_BEGIN] = "", [SCREEN_DONE] = "",
		[SCREEN_CACHED] = "CACHED ", [SCREEN_FAILED] = "ERROR ",
	};
	put(lines, thing, text(" => %s%s", marks[thing->state], thing->name),
	    true);
	for (size_t i = 0; i < SAID_LINES && thing->notes[i]; i++)
		put(lines, thing, text(" => => %s", thing->notes[i]), true);
	if (thing->state != SCREEN_BEGIN)
		return;
	for (size_t i = 0; i < SAID_LINES && thing->said[i]; i++)
		put(lines, thing, text(" => => # %s", thing->said[i]), false);
}

static void
drop(struct lines *lines, size_t at)
{
	free(lines->list[at].words);
	lines->count--;
	memmove(&lines->list[at], &lines->list[at + 1],
		(lines->count - at) * sizeof(struct line));
}

/* What has left the terminal at its top cannot be drawn anew: what is over
 * makes room, then the rest. */
static void
fit(struct lines *lines, size_t room)
{
	for (size_t i = 0; i < lines->count && lines->count > room;)
		if (lines->list[i].is_past)
			drop(lines, i);
		else
			i++;
	while (lines->count > room)
		drop(lines, 0);
}

/* ---- drawing ------------------------------------------------------------- */

/* How many bytes of `s` are no text: an escape sequence, a control. */
static size_t
hidden_length(const char *s)
{
	if (s[0] == '\033' && s[1] == '[') {
		size_t length = 2 + strspn(s + 2, "0123456789;:?<=>");
		return s[length] ? length + 1 : length;
	}
	return (unsigned char)*s < ' ' || *s == 127;
}

/* As much as there are columns for, and blanks up to there.  A character of
 * several bytes is one column, or so it is hoped. */
static void
draw_words(FILE *out, const char *words, size_t columns)
{
	size_t used = 0;
	while (*words) {
		size_t hidden = hidden_length(words);
		bool goes_on = (*words & 0xc0) == 0x80;
		if (!hidden && !goes_on && used++ == columns)
			return;
		if (!hidden)
			fputc(*words, out);
		words += hidden ?: 1;
	}
	fprintf(out, "%*s", (int)(columns - used), "");
}

static void
draw_line(FILE *out, const struct screen *screen, const struct line *line,
	  size_t columns)
{
	char took[32] = "";
	bool is_coloured = !screen->is_plain && *line->colour;
	if (line->took_ns >= 0)
		snprintf(took, sizeof(took), " %.1fs",
			 (double)line->took_ns / 1e9);
	fputs(is_coloured ? line->colour : "", out);
	draw_words(out, line->words, columns - strlen(took));
	fprintf(out, "%s%s\033[K\n", took, is_coloured ? "\033[0m" : "");
}

static void
draw_head(FILE *out, const struct screen *screen)
{
	size_t done = 0;
	for (size_t i = 0; i < screen->count; i++)
		done += screen->things[i].state != SCREEN_BEGIN;
	fprintf(out, "[+] Building %.1fs (%zu/%zu)%s\033[K\n",
		(double)(now_ns() - screen->began_ns) / 1e9, done,
		screen->count, screen->is_over ? " FINISHED" : "");
}

static void
draw_on(FILE *out, struct screen *screen)
{
	struct winsize size = { 0 };
	struct lines lines = { 0 };
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	size_t columns = size.ws_col < 20 ? 19 : size.ws_col - 1;
	for (size_t i = 0; i < screen->count; i++)
		put_thing(&lines, &screen->things[i]);
	/* In the end all of it may scroll away. */
	size_t room = size.ws_row < 5 ? 3 : size.ws_row - 2;
	if (!screen->is_over)
		fit(&lines, room);
	if (screen->drawn)
		fprintf(out, "\033[%zuA\r\033[J", screen->drawn);
	draw_head(out, screen);
	for (size_t i = 0; i < lines.count; i++)
		draw_line(out, screen, &lines.list[i], columns);
	screen->drawn = lines.count + 1;
	while (lines.count)
		drop(&lines, lines.count - 1);
	free(lines.list);
}

/* In one write, or it flickers. */
static void
draw(struct screen *screen)
{
	auto_free char *all = NULL;
	size_t length;
	FILE *out = open_memstream(&all, &length);
	if (!out)
		return;
	draw_on(out, screen);
	if (screen->is_over)
		fputs(screen->after ?: "", out);
	fclose(out);
	for (size_t at = 0; at < length;) {
		ssize_t wrote = write(STDERR_FILENO, all + at, length - at);
		if (wrote < 0 && errno != EINTR)
			return;
		at += wrote < 0 ? 0 : wrote;
	}
}

/* ---- the process --------------------------------------------------------- */

static _Noreturn void
run(int from)
{
	struct screen screen = { .began_ns = now_ns(),
				 .is_plain = getenv("NO_COLOR") != NULL };
	struct pollfd fd = { .fd = from, .events = POLLIN };
	static struct message message;
	int64_t shown_ns = 0;
	while (!screen.is_over) {
		bool is_there = poll(&fd, 1, INTERVAL_MS) > 0;
		ssize_t got = is_there ? recv(from, &message, sizeof(message),
					      0) : 0;
		if (is_there && got <= 0)
			break;
		if (is_there)
			take(&screen, &message);
		bool is_due = now_ns() - shown_ns >= INTERVAL_MS * 1000000;
		if (!is_due || screen.is_over)
			continue;
		draw(&screen);
		shown_ns = now_ns();
	}
	draw(&screen);
	_exit(0);
}

int
screen_begin(void)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail("make a socket for what the terminal shows");
	fflush(NULL);
	drawer = fork();
	if (drawer < 0)
		return fail("start who draws in the terminal");
	if (drawer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Who is told to end tells us. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		close(ends[1]);
		run(ends[0]);
	}
	close(ends[0]);
	to_drawer = ends[1];
	return 0;
}

void
screen_tell(enum screen_event event, unsigned int number, const char *words)
{
	struct message message = { .event = event, .number = number };
	size_t length = strlen(words);
	if (length >= sizeof(message.words))
		length = sizeof(message.words) - 1;
	memcpy(message.words, words, length);
	size_t size = offsetof(struct message, words) + length + 1;
	while (send(to_drawer, &message, size, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return;
}

void
screen_end(void)
{
	if (to_drawer < 0)
		return;
	screen_tell(SCREEN_END, 0, "");
	close_scoped(&to_drawer);
	while (waitpid(drawer, NULL, 0) < 0 && errno == EINTR)
		;
}
