/* verbs.c - parent.  See verbs.h. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "driver.h"
#include "rootless.h"
#include "runtime.h"
#include "scope.h"
#include "self.h"
#include "store.h"

/* Those whose names begin with a dot are for our own monitor. */
static const struct verb *const verbs[] = {
	&verb_run,     &verb_create,  &verb_start,	&verb_stop,
	&verb_restart, &verb_kill,    &verb_rm,		&verb_ps,
	&verb_exec,    &verb_attach,  &verb_wait,	&verb_pause,
	&verb_unpause, &verb_rename,  &verb_images,	&verb_rmi,
	&verb_load,    &verb_import,  &verb_oci,	&verb_version,
	&verb_logs,     &verb_update,   &verb_cp,
	&verb_export,  &verb_commit,
	&verb_monitor_start, &verb_monitor_end, &verb_monitor_probe,
	&verb_monitor_names,
	&verb_monitor_relay,
	&verb_holder,
	/* Those that show things. */
	&verb_inspect,	 &verb_port,	     &verb_info,
	&verb_top,	 &verb_stats,	     &verb_events,
	&verb_diff,	 &verb_system_df,    &verb_system_prune,
	&verb_container_prune, &verb_image_prune,
	&verb_completion, &verb_man,
	&verb_volume_create, &verb_volume_ls, &verb_volume_rm,
	&verb_volume_inspect, &verb_volume_prune,
	&verb_network_create, &verb_network_ls, &verb_network_rm,
	&verb_network_inspect, &verb_network_prune, &verb_network_connect,
	&verb_network_disconnect, &verb_graph,
	/* With the machine. */
	&verb_system_boot, &verb_system_halt,
	/* Images that come and go. */
	&verb_tag,	 &verb_history,	     &verb_pull,
	&verb_push,	 &verb_login,	     &verb_logout,
	&verb_save,	 &verb_system_check, &verb_build,
	&verb_builder_prune, &verb_builder_du,
};

const char *
verb_root(void)
{
	const char *root = getenv("MYDOCKER_ROOT");
	return root && *root ? root : STORE_ROOT;
}

/* A monitor is somewhere else than we are. */
static int
settle_root(void)
{
	const char *root = getenv("MYDOCKER_ROOT");
	if (!root || !*root || *root == '/')
		return 0;
	auto_free char *here = getcwd(NULL, 0);
	auto_free char *whole = here ? text("%s/%s", here, root) : NULL;
	return whole && setenv("MYDOCKER_ROOT", whole, 1) == 0 ?
		       0 :
		       fail("find MYDOCKER_ROOT, %s", root);
}

static enum storage chosen_driver;
static bool driver_is_chosen;

/* What is said in the environment counts where nothing is said here; and where
 * nothing is said there, what an ordinary user can have (driver.h). */
static int
choose_driver(void)
{
	const char *name = getenv("MYDOCKER_DRIVER");
	if (driver_is_chosen || !name || !*name)
		return 0;
	driver_is_chosen = true;
	return storage_parse(name, &chosen_driver) < 0 ?
		       wrap("MYDOCKER_DRIVER") : 0;
}

enum storage
verb_driver(void)
{
	bool is_news = false;
	choose_driver(); /* that it is a good one verbs_main() has seen to */
	if (driver_is_chosen || !rootless_is_inside())
		return chosen_driver;
	chosen_driver = driver_choose(verb_root(), &is_news);
	driver_is_chosen = true;
	auto_free char *why = is_news ? driver_why(verb_root()) : NULL;
	if (why)
		fprintf(stderr, "mydocker: warning: layers are put together "
				"by aufs, for overlay cannot: %s\n", why);
	return chosen_driver;
}

int
verb_open_store(struct store *store)
{
	return store_open(store, verb_root(), verb_driver());
}

int
verb_error(const struct verb *verb)
{
	fprintf(stderr, "mydocker %s: %s\n", verb->name, failure.text);
	return verb->failure_status;
}

static void
print_help(const struct verb *verb, bool is_whole)
{
	bool has_options = verb->options->name != NULL;
	printf("Usage:  ./demo %s %s%s\n\n%s\n", verb->name,
	       has_options ? "[OPTIONS] " : "", verb->arguments, verb->shows);
	if (has_options) {
		printf("\nOptions:\n");
		options_print(verb->options, is_whole ? NULL : verb->everyday,
			      stdout);
	}
}

static void
usage_error(const struct verb *verb)
{
	verb_error(verb);
	fprintf(stderr, "See './demo %s --help'.\n", verb->name);
}

/* In Docker's words. */
static int
check_count(const struct verb *verb, int words, int least, int most)
{
	bool too_few = words < least;
	int limit = too_few ? least : most;
	if (!too_few && (most < 0 || words <= most))
		return 0;
	if (most == 0)
		return failx("\"%s\" accepts no arguments", verb->name);
	return failx("\"%s\" requires %s %d argument%s", verb->name,
		     least == most ? "exactly" :
		     too_few ? "at least" : "at most",
		     limit, limit == 1 ? "" : "s");
}

int
verb_begin(const struct verb *verb, int argc, char **argv, void *data,
	   int least, int most, int *status)
{
	int first = (verb->takes_command ? options_parse :
					   options_parse_anywhere)(
		verb->options, argc, argv, data);
	if (first == OPTIONS_HELP || first == OPTIONS_HELP_ALL) {
		print_help(verb, first == OPTIONS_HELP_ALL);
		*status = 0;
		return -1;
	}
	if (first >= 0 && check_count(verb, argc - first, least, most) == 0)
		return first;
	*status = first < 0 ? EXIT_RUNTIME : 1;
	usage_error(verb);
	return -1;
}

static void
warn(void)
{
	fprintf(stderr, "mydocker: warning: %s\n", failure.text);
}

int
verb_settle(const struct verb *verb)
{
	if (rootless_enter() < 0 || rootless_enter_network() < 0)
		return verb_error(verb);
	/* What cannot be cleaned up now is said, and does not stop the verb:
	 * it has nothing to do with it. */
	runtime_warning = warn;
	if (container_recover(verb_root()) < 0)
		warn();
	runtime_warning = NULL;
	return 0;
}

int
verb_enter_to_fetch(const struct verb *verb)
{
	rootless_leave_out_network();
	return rootless_enter() < 0 ? verb_error(verb) : 0;
}

int
verb_settle_to_fetch(const struct verb *verb)
{
	int status = verb_enter_to_fetch(verb);
	return status || rootless_is_inside() ? status : verb_settle(verb);
}

bool
verb_is_agreed(const char *warning)
{
	char answer[16] = "";
	printf("WARNING! %s\nAre you sure you want to continue? [y/N] ",
	       warning);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "Y\n") == 0);
}

const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < countof(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

const struct verb *
verb_at(size_t index)
{
	return index < countof(verbs) ? verbs[index] : NULL;
}

/* ---- main -------------------------------------------------------------- */

static void
print_trace(const char *line)
{
	fprintf(stderr, "> %s\n", line);
}

struct globals {
	bool verbose, version;
};

static int
take_driver(void *data, const char *value)
{
	(void)data;
	driver_is_chosen = true;
	return storage_parse(value, &chosen_driver);
}

static const struct option_row global_options[] = {
	SWITCH('v', "verbose", "Show every system call and step on the way",
	       struct globals, verbose),
	{ 0, "storage-driver", "NAME", "overlay, or aufs: for images as for "
	  "containers (MYDOCKER_DRIVER)", take_driver, 0 },
	SWITCH(0, "version", "Show what this is", struct globals, version),
	{ 0 },
};

static int
help(void)
{
	printf("Usage:  ./demo [OPTIONS] VERB [OPTIONS] ...\n\nVerbs:\n");
	for (size_t i = 0; i < countof(verbs); i++)
		if (verbs[i]->name[0] != '.' && !strchr(verbs[i]->name, ' '))
			printf("  %-10s %s\n", verbs[i]->name,
			       verbs[i]->shows);
	printf("\nGroups of verbs, as `container ls`:\n ");
	for (size_t i = 0; groups_name(i); i++)
		printf(" %s", groups_name(i));
	printf("\n\nOptions before the verb:\n");
	options_print(global_options, NULL, stdout);
	printf("\n./demo alone is a tour; ./demo list says of what.\n"
	       "Images and containers are kept in %s (MYDOCKER_ROOT).\n",
	       verb_root());
	return 0;
}

/* `run --help` is for everybody. */
static bool
asks_for_help(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "--help") == 0;
}

/* `whole` is all of our argv. */
static int
run_verb(const struct verb *verb, char **whole, int argc, char **argv)
{
	if (verb->fetches)
		rootless_leave_out_network();
	if (verb->starts && !asks_for_help(argc, argv)) {
		scope_enter();
		/* Before there is a container that could get hold of our
		 * file. */
		if (rootless_enter() < 0 || self_protect(whole) < 0)
			return verb_error(verb);
	}
	return verb->run(verb, argc, argv);
}

/* `container ls ...`, whose argv begins with the group. */
static int
run_group(char **whole, int argc, char **argv)
{
	const char *group = argv[0], *word = argc > 1 ? argv[1] : "--help";
	const struct verb *verb = groups_find(group, word);
	if (!verb) {
		groups_help(group);
		return strcmp(word, "--help") == 0 ? 0 : 1;
	}
	if (verb != &verb_inspect)
		return run_verb(verb, whole, argc - 1, argv + 1);
	auto_free char **longer = new_bytes((argc + 2) * sizeof(*longer));
	longer[0] = argv[1];
	longer[1] = (char *)"--type";
	longer[2] = argv[0];
	memcpy(longer + 3, argv + 2, (argc - 1) * sizeof(*longer));
	return verb->run(verb, argc + 1, longer);
}

/* `help ps`, `help container`, `help container ls`: words up to a NULL. */
static int
help_for(char *const *words)
{
	const char *word = words[0];
	const struct verb *verb = words[1] ? groups_find(word, words[1]) :
					     verb_find(word);
	if (verb)
		print_help(verb, false);
	else if (groups_has(word))
		groups_help(word);
	else
		return help();
	return 0;
}

int
verbs_main(int argc, char **argv)
{
	struct globals wanted = { 0 };
	int i = options_parse(global_options, argc, argv, &wanted);
	if ((i < 0 && i > OPTIONS_HELP) || choose_driver() < 0 ||
	    rootless_settle_root() < 0 || settle_root() < 0) {
		fprintf(stderr, "mydocker: %s\nSee './demo --help'.\n",
			failure.text);
		return EXIT_RUNTIME;
	}
	if (wanted.verbose)
		trace_hook = print_trace;
	if (wanted.version) {
		char *words[] = { "version", "--format",
				  "mydocker version {{.Client.Version}}",
				  NULL };
		return verb_version.run(&verb_version, 3, words);
	}
	if (i <= OPTIONS_HELP || i == argc)
		return help();
	const struct verb *verb = verb_find(argv[i]);
	if (!verb && strcmp(argv[i], "help") == 0)
		return argv[i + 1] ? help_for(argv + i + 1) : help();
	if (groups_has(argv[i]))
		return run_group(argv, argc - i, argv + i);
	if (!verb) {
		fprintf(stderr,
			"mydocker: '%s' is neither a verb nor an experiment.\n"
			"See './demo --help' and './demo list'.\n", argv[i]);
		return 1;
	}
	return run_verb(verb, argv, argc - i, argv + i);
}
