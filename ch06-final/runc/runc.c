/* runc.c - parent.  See runc.h. */
#include "runc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hierarchy.h"
#include "oci_config.h"
#include "runc_log.h"
#include "scope.h"
#include "self.h"

#define NAME "mydocker-oci"
#define VERSION "0.1"

static const struct runc_verb *const verbs[] = {
	&runc_create, &runc_start,	&runc_state,  &runc_kill,
	&runc_delete, &runc_run,	&runc_exec,   &runc_list,
	&runc_ps,     &runc_pause,	&runc_resume, &runc_update,
	&runc_events, &runc_spec,	&runc_features,
	&runc_checkpoint, &runc_restore,
};

static const struct option_row no_options[] = { { 0 } };

/* ---- before the verb ---------------------------------------------------- */

struct globals {
	const char *root, *log, *criu;
	enum runc_log_format format;
	bool systemd_cgroup, debug, version;
};

static int
take_root(void *data, const char *value)
{
	((struct globals *)data)->root = value;
	return *value ? 0 : failx("it is a directory");
}

static int
take_log(void *data, const char *value)
{
	((struct globals *)data)->log = *value ? value : NULL;
	return 0;
}

static int
take_log_format(void *data, const char *value)
{
	struct globals *globals = data;
	if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
		return failx("it is text or json");
	globals->format = *value == 'j' ? RUNC_LOG_JSON : RUNC_LOG_TEXT;
	return 0;
}

static int
take_rootless(void *data, const char *value)
{
	(void)data;
	if (strcmp(value, "auto") != 0 && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		return failx("it is auto, true or false");
	return 0;
}

static int
take_criu(void *data, const char *value)
{
	((struct globals *)data)->criu = *value ? value : NULL;
	return 0;
}

static const struct option_row global_options[] = {
	{ 0, "root", "DIR", "Where the containers are kept: a tmpfs",
	  take_root, 0 },
	{ 0, "log", "FILE", "Append what goes wrong to it, too", take_log, 0 },
	{ 0, "log-format", "FORMAT", "text or json: an object a line",
	  take_log_format, 0 },
	SWITCH(0, "debug", "Log every system call that matters",
	       struct globals, debug),
	SWITCH(0, "systemd-cgroup", "systemd makes the cgroups", struct globals,
	       systemd_cgroup),
	{ 0, "rootless", "auto|true|false", "Makes no difference",
	  take_rootless, 0 },
	{ 0, "criu", "FILE", "What saves and restores (default: criu)",
	  take_criu, 0 },
	SWITCH('v', "version", "Show what this is", struct globals, version),
	{ 0 },
};

/*
 * For the rest of us it must be a place where they may write.  Rootless podman
 * calls as root of its user namespace; root of a machine that is all in one,
 * as LXC's are, is known by the name, as runc knows it.
 */
static char *
default_root(void)
{
	const char *place = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");
	bool is_root = geteuid() == 0 && user && strcmp(user, "root") == 0;
	if (!place || *place != '/' || is_root || !scope_is_of_user())
		return copy_text(STATE_ROOT);
	return text("%s/" NAME, place);
}

/* Whoever works on the container later may be somewhere else. */
static char *
absolute(const char *path)
{
	if (*path == '/')
		return copy_text(path);
	auto_free char *here = getcwd(NULL, 0);
	if (here)
		return text("%s/%s", here, path);
	fail("find out where %s is", path);
	return NULL;
}

/* ---- what this is ------------------------------------------------------- */

/* Three lines: what engines split, at "version " and at ": ". */
static int
print_version(void)
{
	printf(NAME " version " VERSION "\ncommit: unknown\nspec: " OCI_VERSION
		    "\n");
	return 0;
}

static int
print_help(void)
{
	auto_free char *root = default_root();
	printf("NAME\n  " NAME " - an OCI runtime: containers from bundles\n\n"
	       "SYNOPSIS\n  " NAME " [OPTIONS] VERB [OPTIONS] ...\n\n"
	       "A bundle is a directory with a config.json, as the OCI runtime "
	       "specification\n" OCI_VERSION " has it, and a root file system."
	       "  Engines call this as they do runc.\n\nVERBS\n");
	for (size_t i = 0; i < countof(verbs); i++)
		printf("  %-12s %s\n", verbs[i]->name, verbs[i]->shows);
	printf("\nOPTIONS\n");
	options_print(global_options, NULL, stdout);
	printf("\nContainers are kept in %s, unless --root says otherwise.\n"
	       "" NAME " VERB --help says more of a verb.\n\n"
	       "EXIT STATUS\n  0; 1 when it failed; of run and exec that of "
	       "the program, 128+n when signal n\n  ended it, 126 when it "
	       "could not be executed, 127 when it was not found.\n", root);
	return 0;
}

static int
print_verb_help(const struct runc_verb *verb)
{
	printf("NAME\n  " NAME " %s - %s\n\nSYNOPSIS\n  " NAME " %s%s%s%s\n",
	       verb->name, verb->shows, verb->name,
	       verb->options ? " [OPTIONS]" : "",
	       *verb->arguments ? " " : "", verb->arguments);
	if (verb->more)
		printf("\n%s", verb->more);
	if (verb->options) {
		printf("\nOPTIONS\n");
		options_print(verb->options, NULL, stdout);
	}
	return 0;
}

/* ---- the verb ----------------------------------------------------------- */

static int
usage_error(const struct runc_verb *verb)
{
	runc_log_failure();
	fprintf(stderr, "See '" NAME " %s%s--help'.\n", verb ? verb->name : "",
		verb ? " " : "");
	return 1;
}

static int
check_words(const struct runc_verb *verb, int count)
{
	int bound = count < verb->least ? verb->least : verb->most;
	if (count < verb->least || (verb->most >= 0 && count > verb->most))
		return failx("\"%s\" requires %s %d argument%s", verb->name,
			     verb->least == verb->most ? "exactly" :
			     count < verb->least ? "at least" : "at most",
			     bound, bound == 1 ? "" : "s");
	return 0;
}

/* What we print is somebody's input: half of it is a failure. */
static int
finish(int status)
{
	if (status >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		status = fail("write the output");
	if (status >= 0)
		return status;
	runc_log_failure();
	return 1;
}

static int
parse_and_run(const struct runc *runc, const struct runc_verb *verb,
	      void *wanted, int argc, char **argv)
{
	int first = options_parse_go(verb->options ? verb->options :
						     no_options,
				     argc, argv, wanted, !verb->in_order);
	if (first <= OPTIONS_HELP)
		return print_verb_help(verb);
	if (first < 0 || check_words(verb, argc - first) < 0)
		return usage_error(verb);
	/* It becomes part of a path. */
	if (!verb->is_about_all && oci_id_check(argv[first]) < 0)
		return finish(-1);
	return finish(verb->run(runc, wanted, argv + first));
}

static int
run_verb(const struct runc *runc, const struct runc_verb *verb, int argc,
	 char **argv)
{
	auto_free void *wanted = new_bytes(verb->wanted_size);
	int status = parse_and_run(runc, verb, wanted, argc, argv);
	if (verb->release)
		verb->release(wanted);
	return status;
}

static const struct runc_verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < countof(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	failx("unknown command \"%.64s\"", name);
	return NULL;
}

/* "help", "help VERB". */
static int
help(int argc, char **argv)
{
	if (argc == 1)
		return print_help();
	const struct runc_verb *verb = find_verb(argv[1]);
	return verb ? print_verb_help(verb) : usage_error(NULL);
}

static void
warn(void)
{
	runc_log_warning(failure.text);
}

int
runc_main(int argc, char **argv)
{
	/* self_protect() starts us again, with all words as they are now. */
	auto_free char **words = new_bytes((argc + 1) * sizeof(*words));
	memcpy(words, argv, argc * sizeof(*words));
	struct globals globals = { 0 };
	int first = options_parse_go(global_options, argc, words, &globals,
				     false);
	if (first <= OPTIONS_HELP)
		return print_help();
	if (first < 0)
		return usage_error(NULL);
	if (runc_log_open(globals.log, globals.format, globals.debug) < 0)
		return finish(-1);
	if (globals.version)
		return print_version();
	if (first == argc)
		return print_help();
	if (strcmp(words[first], "help") == 0)
		return help(argc - first, words + first);
	const struct runc_verb *verb = find_verb(words[first]);
	auto_free char *root = globals.root ? absolute(globals.root) :
					      default_root();
	if (!verb || !root)
		return usage_error(NULL);
	if (verb->starts && self_protect(argv) < 0)
		return finish(-1);
	runtime_warning = warn;
	/* By it systemd knows of version 1 who belongs to which service: who
	 * stayed in the engine's would be ended with the engine. */
	hierarchy_named = "name=systemd";
	struct runc runc = { root, globals.criu, globals.systemd_cgroup };
	return run_verb(&runc, verb, argc - first, words + first);
}
