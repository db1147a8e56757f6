/*
 * verbs.h - the verbs of the command line, one file each in this directory.
 *
 * A verb gets its own part of argv, its name first, and returns the exit
 * status.  What failed is printed by itself, through verb_error().
 */
#ifndef VERBS_H
#define VERBS_H

#include "options.h"
#include "storage.h"

struct verb {
	const char *name;
	const char *arguments; /* after the options, for --help */
	const char *shows;     /* one line */
	const struct option_row *options;
	int failure_status; /* of the exit, when it fails */
	int (*run)(const struct verb *verb, int argc, char **argv);
};

extern const struct verb verb_run, verb_ps, verb_rm, verb_images, verb_rmi,
	verb_load, verb_import, verb_version;

/* Where everything is kept: MYDOCKER_ROOT, or /var/lib/mydocker. */
const char *verb_root(void);
/* How layers are put together: --storage-driver, or MYDOCKER_DRIVER. */
enum storage verb_driver(void);
struct store;
/* The images of that driver (store.h). */
int verb_open_store(struct store *store);

/*
 * What every verb begins with: parse the options into `data`, and answer
 * --help.  Returns the index of the first plain word, or -1 when the verb is
 * over; `*status` is then its exit status.  Fewer than `least` or more than
 * `most` words (-1: any number) are refused in Docker's words.
 */
int verb_begin(const struct verb *verb, int argc, char **argv, void *data,
	       int least, int most, int *status);

/* Be root, and clean up after killed runtimes; 0, or the exit status. */
int verb_settle(const struct verb *verb);

/* Print "mydocker VERB: ..." with the failure; returns the exit status. */
int verb_error(const struct verb *verb);

/* Is this word a verb?  NULL when not. */
const struct verb *verb_find(const char *name);
/* All of main() for `demo VERB ...`; also -v, --version and --help. */
int verbs_main(int argc, char **argv);

/* Run mydocker-image, the program beside us that knows archives, with its
 * standard output to `output`; returns its exit status, or -1.  `words` ends
 * with NULL. */
int verb_run_image_tool(const char *const words[], int output);

#endif
