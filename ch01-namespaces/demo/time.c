/*
 * time.c - experiment `time`: another uptime, the same date.
 *
 * The stage makes the namespace, sets its clocks while nobody is in it, and
 * sends a child in.  It stays outside itself: its own clock must not jump.
 */
#include "demo.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "become.h"
#include "look.h"
#include "ns.h"
#include "nschild.h"
#include "sys.h"

#define OFFSET (10 * 24 * 60 * 60) /* seconds: ten days */
#define OFFSETS "/proc/self/timens_offsets"
#define PATIENCE 3600 /* seconds; between two looks less goes by */

struct clock {
	clockid_t id;
	const char *name;
	bool has_offset; /* time_namespaces(7) */
};

static const struct clock clocks[] = {
	{ CLOCK_BOOTTIME, "CLOCK_BOOTTIME", true },
	{ CLOCK_MONOTONIC, "CLOCK_MONOTONIC", true },
	{ CLOCK_REALTIME, "CLOCK_REALTIME", false },
};

struct reading {
	time_t seconds[countof(clocks)];
};

static struct reading
look_at_clocks(void)
{
	struct reading reading;
	char uptime[64];
	for (size_t i = 0; i < countof(clocks); i++) {
		struct timespec now = { 0 };
		clock_gettime(clocks[i].id, &now);
		reading.seconds[i] = now.tv_sec;
		tour_show(clocks[i].name, "%lld s", (long long)now.tv_sec);
	}
	if (read_text(AT_FDCWD, "/proc/uptime", uptime, sizeof(uptime)) > 0)
		tour_show("/proc/uptime", "%s", uptime);
	tour_run((const char *const[]){ "uptime", "-p", NULL });
	return reading;
}

/* Each clock, against what the other side read at most an hour ago. */
static void
compare(const struct reading *now, const struct reading *then, long offset)
{
	for (size_t i = 0; i < countof(clocks); i++) {
		long wanted = clocks[i].has_offset ? offset : 0;
		long ahead = now->seconds[i] - then->seconds[i] - wanted;
		tour_expect(ahead > -PATIENCE && ahead < PATIENCE, "%s: %s",
			    clocks[i].name,
			    wanted ? "ten days ahead" : "the same");
	}
}

/* An offset that has to be refused, with this errno. */
static void
refused(const char *offset, int code, const char *why)
{
	int result = write_text(AT_FDCWD, OFFSETS, offset);
	tour_show(offset, "%s", result < 0 ? strerror(failure.code) : "taken");
	tour_expect(result < 0 && failure.code == code, "%s", why);
}

/* ---- inside ------------------------------------------------------------ */

static int
inside(int sock, void *data)
{
	(void)sock;
	const struct reading *outside = data;
	tour_step("Inside: the first process in the namespace.");
	auto_free char *link = look_link(0, "time");
	tour_show("namespace", "%s", link);
	struct reading reading = look_at_clocks();
	compare(&reading, outside, OFFSET);
	return tour_shell("Try: uptime; date; cat /proc/self/timens_offsets");
}

/* ---- outside ----------------------------------------------------------- */

static int
make_namespace(void)
{
	tour_step("The namespace is made, and its maker stays outside.");
	if (sys_unshare(CLONE_NEWTIME) < 0) {
		fail("make a time namespace");
		return become_refused();
	}
	auto_free char *own = look_link(0, "time");
	/* The kind's file, but for processes that are still to be born. */
	char children[64] = "?";
	(void)!readlink("/proc/self/ns/time_for_children", children,
			sizeof(children) - 1);
	tour_show("time", "%s", own);
	tour_show("time_for_children", "%s", children);
	tour_expect(strcmp(own, children) != 0,
		    "a clock must not jump under a running process");
	return 0;
}

static int
set_clocks(void)
{
	auto_free char *offsets = text("boottime %d 0\nmonotonic %d 0\n",
				       OFFSET, OFFSET);
	tour_step("Its clocks are set, by " OFFSETS ".");
	refused("boottime -4000000000 0", ERANGE,
		"no clock may show a time before its zero");
	if (write_text(AT_FDCWD, OFFSETS, offsets) < 0)
		return wrap("set the clocks of a time namespace");
	auto_free char *lines = read_all(AT_FDCWD, OFFSETS, NULL);
	if (!lines)
		return -1;
	char *rest = lines, *line;
	while ((line = strsep(&rest, "\n")) && *line)
		tour_show("", "%s", line);
	return 0;
}

static int
run_time(void)
{
	int refusal = become_root_or_skip();
	if (refusal)
		return refusal;
	if (!(ns_supported() & CLONE_NEWTIME))
		return tour_skip("needs a kernel with time namespaces, Linux "
				 "5.6 with CONFIG_TIME_NS");
	tour_say("A time namespace adds an offset to two clocks, so that a "
		 "container that is");
	tour_say("moved to another machine does not see them jump. The date "
		 "is not among them.");
	tour_step("Before: three clocks.");
	struct reading before = look_at_clocks();
	refusal = make_namespace();
	if (refusal)
		return refusal;
	struct ns_child child;
	if (set_clocks() < 0 ||
	    ns_child_create(&child, 0, -1, inside, &before) < 0 ||
	    ns_child_wait(&child, NULL) < 0)
		return -1;
	tour_step("Outside: its maker, afterwards.");
	tour_say("The program uptime is its child, born after unshare, and so "
		 "is inside.");
	struct reading after = look_at_clocks();
	compare(&after, &before, 0);
	refused("boottime 0 0", EACCES,
		"the offsets are fixed since the first process went in");
	return 0;
}

const struct experiment demo_time = {
	.name = "time",
	.shows = "another uptime inside, and the same date",
	.run = run_time,
	.has_shell = true,
};
