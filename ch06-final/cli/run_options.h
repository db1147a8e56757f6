/*
 * run_options.h - what `run` and `create` take on their command lines: one
 * table for both.
 *
 *	struct run_wanted wanted = RUN_WANTED;
 *	... verb_begin(verb, argc, argv, &wanted, 1, -1, &status) ...
 *	if (run_options_check(&wanted) < 0 || ... find the image ... ||
 *	    run_options_complete(&wanted, &image, words) < 0)
 *		...
 *	run_options_free(&wanted);
 *
 * A row a flag: how it is called, what the help says, and the function that
 * puts its value into what is asked for.  See Docker's "run" reference.
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include "options.h"
#include "settings.h"

struct image;

struct run_wanted {
	struct settings settings; /* all that the container is to keep */

	/* What the settings have in another form, when it is complete. */
	struct words env, env_files, labels, label_files, attach;
	char *entrypoint;  /* NULL: the image's; "": none */
	char *health_command;
	bool no_health, oom_kill_disable;
	struct network_wanted endpoint; /* --ip, --network-alias and so on:
					   of the first network */

	/* What the command alone is to know. */
	bool detach, sig_proxy, quiet;
	char *detach_keys; /* NULL: Docker's */
	char *pull;	   /* "always", "never"; NULL: "missing" */

	/* Checked, and then of no use: there is one of each. */
	char *runtime, *isolation;
	bool distrust;
};
#define RUN_WANTED { .settings = SETTINGS_DEFAULT, .sig_proxy = true }

/* `create` has all but the first few. */
extern const struct option_row run_option_rows[];
#define RUN_ONLY_ROWS 3
#define create_option_rows (run_option_rows + RUN_ONLY_ROWS)

/* Of both, for a help that fits on a screen. */
extern const char *const run_everyday[];

/*
 * What only all of them together show to be wrong, before anything is touched
 * (run_check.c).  Reads --env-file and --label-file.
 */
int run_options_check(struct run_wanted *wanted);

/* What is then not wrong, but not what somebody may think: lines for standard
 * error, or "".  The caller frees. */
char *run_options_warnings(const struct run_wanted *wanted);

/*
 * Put in what the image says and the command line does not (run_image.c), with
 * `typed`, the words behind the image's name, up to a NULL.
 */
int run_options_complete(struct run_wanted *wanted, const struct image *image,
			 char *const *typed);

void run_options_free(struct run_wanted *wanted);

/* -e's and --env-file's "NAME=value" in place of an earlier NAME; a NAME
 * alone takes it away.  Adds it where it is not there. */
void env_replace(struct words *env, const char *pair);

#endif
