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
	const char *const *everyday; /* those that --help explains, up to a
					NULL; or NULL: all (options.h) */
	int failure_status; /* of the exit, when it fails */
	int (*run)(const struct verb *verb, int argc, char **argv);
	bool starts; /* something in a container: see self.h */
	bool fetches; /* by the host's network, before it settles */
	bool takes_command; /* what follows a plain word is somebody else's */
};

extern const struct verb verb_run, verb_ps, verb_rm, verb_images, verb_rmi,
	verb_load, verb_import, verb_oci, verb_version, verb_create, verb_start,
	verb_stop, verb_restart, verb_kill, verb_wait, verb_pause, verb_unpause,
	verb_rename, verb_update, verb_cp,
	verb_export, verb_commit, verb_attach, verb_exec, verb_logs,
	verb_monitor_start, verb_monitor_end, verb_monitor_probe,
	verb_monitor_names, verb_monitor_relay, verb_holder;
/* Those that show things. */
extern const struct verb verb_inspect, verb_port, verb_info, verb_top,
	verb_stats, verb_events, verb_diff, verb_system_df, verb_system_prune,
	verb_container_prune, verb_image_prune, verb_completion, verb_man;
/* With the machine. */
extern const struct verb verb_system_boot, verb_system_halt;
extern const struct verb verb_volume_create, verb_volume_ls, verb_volume_rm,
	verb_volume_inspect, verb_volume_prune;
extern const struct verb verb_network_create, verb_network_ls, verb_network_rm,
	verb_network_inspect, verb_network_prune, verb_network_connect,
	verb_network_disconnect, verb_graph;
/* Images that come and go. */
extern const struct verb verb_tag, verb_history, verb_pull, verb_push,
	verb_login, verb_logout, verb_save, verb_system_check, verb_build,
	verb_builder_prune, verb_builder_du;

/* Where everything is kept: MYDOCKER_ROOT, or /var/lib/mydocker, or an ordinary
 * user's own place (rootless.h). */
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

/* Be root, if only in namespaces of our own, and clean up after killed
 * runtimes; 0, or the exit status. */
int verb_settle(const struct verb *verb);
/* The same for who only talks to a registry: by the host's network. */
int verb_settle_to_fetch(const struct verb *verb);
/* And for who does so first, and settles then. */
int verb_enter_to_fetch(const struct verb *verb);

/* Print "mydocker VERB: ..." with the failure; returns the exit status. */
int verb_error(const struct verb *verb);

/* Warn, and ask: "y" or "Y", as for Docker; anything else is no. */
bool verb_is_agreed(const char *warning);

/* Is this word a verb?  NULL when not. */
const struct verb *verb_find(const char *name);
/* All of them, one after the other, NULL at the end; those whose name begins
 * with a dot are for programs, and in no help. */
const struct verb *verb_at(size_t index);
/*
 * Docker's groups of verbs (groups.c): `container ls` is another name of `ps`.
 * groups_name() and groups_word() give the groups, and the words of one, one
 * after the other, NULL at the end; groups_find() the verb of a word, or NULL;
 * groups_help() prints what a group has.
 */
bool groups_has(const char *group);
const char *groups_name(size_t index);
const char *groups_word(const char *group, size_t index);
const struct verb *groups_find(const char *group, const char *word);
void groups_help(const char *group);
/* All of main() for `demo VERB ...`; also -v, --version and --help. */
int verbs_main(int argc, char **argv);

/* Run mydocker-image, the program beside us that knows archives, with its
 * standard output to `output`; returns its exit status, or -1.  `words` ends
 * with NULL. */
int verb_run_image_tool(const char *const words[], int output);

/* Pull an image that is not here.  What is said of it goes to standard error,
 * for standard output is the container's.  `platform` may be NULL.  The store
 * must not be locked. */
int verb_pull_missing(const char *name, const char *platform, bool quiet);

/* `inspect --type TYPE --format FORMAT NAMES...`, up to a NULL: all of it, and
 * returns the exit status.  `format` may be NULL. */
int verb_inspect_type(const char *type, const char *format, char **names);

#endif
