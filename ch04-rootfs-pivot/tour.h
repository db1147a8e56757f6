/*
 * tour.h - the demo contract, the same in every chapter.
 *
 *	./demo              every experiment in order, narrated
 *	./demo list         the experiments, one a line
 *	./demo NAME...      just those
 *	./demo NAME --shell a shell inside what the experiment built
 *	./demo NAME --VIEW  what NAME is about, as data: nothing is narrated
 *	./demo --dot        the live state as a Graphviz graph
 *	-v                  every system call that matters, as it is made
 *
 * Two processes play.  The *guide* reads the command line and waits; each
 * experiment runs in a *stage*, a child of its own, so that whatever it does
 * to itself (unshare, chroot, limits) ends with it.  When the stage has ended,
 * by returning, by a crash or by Ctrl-C, the guide ends what the stage left
 * running and calls the experiment's `tidy`.  A guide killed by SIGKILL takes
 * its stages along (PR_SET_PDEATHSIG), and the next guide of the chapter
 * calls `tidy` before it begins: a tidy must know the orphans of a dead run
 * from the property of a live one (runid.h).
 *
 * An experiment narrates with the functions below and lives by one rule: it
 * prints what the kernel reported and checks its own claim with tour_expect().
 */
#ifndef TOUR_H
#define TOUR_H

#include "base.h"

/* What an experiment is about, printed alone: by the guide itself. */
struct tour_view {
	const char *flag;  /* "--json": ./demo NAME --json */
	const char *shows; /* its line in ./demo --help */
	int (*print)(FILE *out);
};

struct experiment {
	const char *name;   /* ./demo NAME */
	const char *shows;  /* its line in ./demo list */
	int (*run)(void);   /* on the stage: 0, -1, or tour_skip()'s value */
	void (*tidy)(void); /* by the guide, on every way out; may be NULL */
	bool has_shell;	    /* run() calls tour_shell() at the right place */
	const struct tour_view *views; /* ends with a flag NULL; may be NULL */
	bool stages_views; /* they make what they show: so print() is called
			      on a stage, too, and tidy() afterwards */
};

struct chapter {
	const char *name;  /* "ch01-namespaces" */
	const char *title; /* one line, printed before the tour */
	const struct experiment *const *experiments; /* ends with NULL */
	int (*dot)(FILE *out); /* the live state, in Graphviz's language */
};

/* All of main(): returns the exit status. */
int tour_main(int argc, char **argv, const struct chapter *chapter);

/* Narration.  tour_step() begins a paragraph, and waits for Enter in a tour
 * on a terminal.  tour_say() is prose.  tour_show() is something observed. */
void tour_step(const char *fmt, ...) printf_like(1, 2);
void tour_say(const char *fmt, ...) printf_like(1, 2);
void tour_show(const char *what, const char *fmt, ...) printf_like(2, 3);

/* A claim and whether it held.  A claim that did not makes the run fail. */
bool tour_expect(bool held, const char *claim, ...) printf_like(2, 3);

/* `return tour_skip("needs ...; found ...")`: this machine cannot run it. */
int tour_skip(const char *fmt, ...) printf_like(1, 2);

/* Run a program as a reader would type it, "$ ip addr", and show its output
 * indented.  Returns its exit status (127: not found; 128+n: signal n). */
int tour_run(const char *const argv[]);

/* The line itself, as it could be typed: "$ sh -c 'exit 3'". */
void tour_print_command(const char *const argv[], const char *after);

/* With --shell: an interactive shell here; returns when it ends.  Otherwise
 * does nothing.  `advice` is one line of what to try. */
int tour_shell(const char *advice);

/* The terminal's second screen, without a cursor, to draw on, or (false) the
 * first one again.  The guide returns to that on every way out. */
void tour_screen(bool second);

/*
 * An empty directory of this stage's own, with a tmpfs on it, entered as the
 * working directory.  The caller must be in a mount namespace of its own
 * (ns_own_mounts): the tmpfs ends with that, on every way out, and the bare
 * directory is removed by the guide or, after a SIGKILL, by the next guide.
 */
int tour_scratch(void);

#endif
