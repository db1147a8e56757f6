/*
 * stage.h - where the experiments of this chapter play: a store of their own,
 * and this program typed as a reader would type it.
 *
 * The store is /tmp/mydocker-tour.RUN, so that the tour neither needs nor
 * touches what the reader keeps in /var/lib/mydocker.  It is a directory on
 * disk with records in it, not a tmpfs: when the tour is killed the next one
 * finds there what has to be undone.
 */
#ifndef STAGE_H
#define STAGE_H

#include "record.h"
#include "storage.h"
#include "tour.h"

/* Make the store and go there.  0: ready; otherwise the value for run() to
 * return: a skip without root, or -1. */
int stage_enter(void);
/* The tidy of every experiment here: stores of this run and of dead ones. */
void stage_tidy(void);

/* "$ ./demo WORD...", its output shown; returns the exit status. */
#define stage_run(...)                                                        \
	tour_run((const char *const[]){ "./demo", __VA_ARGS__, NULL })

/* A container in the background, silent. */
struct guest {
	pid_t runtime; /* our child, `./demo run ...` */
	struct record record; /* .pid is its process 1 on the host */
};
/* Start it and wait until it is on record as running.  `name` must be the
 * --name that is among the words. */
int stage_start(struct guest *guest, const char *name,
		const char *const words[]);
#define stage_start_run(guest, name, ...)                                     \
	stage_start(guest, name,                                              \
		    (const char *const[]){ "./demo", "run", "--rm", "--name", \
					   name, __VA_ARGS__, NULL })
/* rm -f, and wait for the runtime. */
int stage_end(struct guest *guest);

/* Does this directory of a container's layer say that `name` is deleted?  The
 * driver's own way of saying it, put into words. */
bool stage_is_deleted(int dir, const char *name, enum storage driver);
char *stage_whiteout_words(const char *name, enum storage driver);

/* The whole output of `./demo WORD...`; the caller frees. */
char *stage_output(const char *const words[], int *status);

/* The same in two parts, for several that run side by side.  What was begun is
 * to be ended: by its output, or NULL. */
struct running {
	pid_t pid;
	int output;
};
int stage_begin(struct running *running, const char *const words[]);
char *stage_finish(struct running *running, int *status);

#endif
