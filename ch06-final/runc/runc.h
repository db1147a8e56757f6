/*
 * runc.h - the command line of the OCI runtime: runc's, which all engines
 * know how to call.
 *
 * Every verb is a struct, in a file of its own, and its options are a table.
 * What all verbs have in common is done in runc.c, before one runs: options
 * are parsed, words counted, ids checked, --help answered, the log opened.
 */
#ifndef RUNC_H
#define RUNC_H

#include "options.h"
#include "runtime.h"

/* What is said before the verb. */
struct runc {
	const char *root; /* absolute: where the containers are kept */
	const char *criu; /* the program, or NULL: the one in PATH */
	bool systemd_cgroup;
};

struct runc_verb {
	const char *name;
	const char *arguments; /* after the options, for --help */
	const char *shows;     /* one line */
	const char *more;      /* of --help, or NULL */
	const struct option_row *options; /* or NULL: it has none */
	size_t wanted_size; /* of the struct that the options fill, zeroed */
	int least, most;    /* words; a `most` of -1: any number */
	bool is_about_all;  /* the first word is not the id of a container */
	bool in_order; /* what follows the first word is not for us */
	bool starts;   /* something of the container is run */
	/* -1, with the failure not yet told, or the exit status.  `words` ends
	 * with NULL. */
	int (*run)(const struct runc *runc, void *wanted, char **words);
	void (*release)(void *wanted); /* what options have got, or NULL */
};

extern const struct runc_verb runc_create, runc_start, runc_state, runc_kill,
	runc_delete, runc_run, runc_exec, runc_list, runc_ps, runc_pause,
	runc_resume, runc_update, runc_events, runc_spec, runc_features,
	runc_checkpoint, runc_restore;

/* All of main(): returns the exit status. */
int runc_main(int argc, char **argv);

#endif
