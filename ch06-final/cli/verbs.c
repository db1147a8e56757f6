/* verbs.c - parent.  See verbs.h. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "self.h"
#include "store.h"

static const struct verb *const verbs[] = {
	&verb_run,  &verb_ps,	&verb_rm,     &verb_images,
	&verb_rmi,  &verb_load, &verb_import, &verb_version,
};

const char *
verb_root(void)
{
	const char *root = getenv("MYDOCKER_ROOT");
	return root && *root ? root : STORE_ROOT;
}

static enum storage chosen_driver;
static bool driver_is_chosen;

/* What is said in the environment counts where nothing is said here. */
static int
choose_driver(void)
{
	const char *name = getenv("MYDOCKER_DRIVER");
	if (!driver_is_chosen && name && *name &&
	    storage_parse(name, &chosen_driver) < 0)
		return wrap("MYDOCKER_DRIVER");
	driver_is_chosen = true;
	return 0;
}

enum storage
verb_driver(void)
{
	choose_driver(); /* that it is a good one verbs_main() has seen to */
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
print_help(const struct verb *verb)
{
	bool has_options = verb->options->name != NULL;
	printf("Usage:  ./demo %s %s%s\n\n%s\n", verb->name,
	       has_options ? "[OPTIONS] " : "", verb->arguments, verb->shows);
	if (has_options) {
		printf("\nOptions:\n");
		options_print(verb->options, stdout);
	}
}

static int
usage_error(const struct verb *verb)
{
	int status = verb_error(verb);
	fprintf(stderr, "See './demo %s --help'.\n", verb->name);
	return status;
}

int
verb_begin(const struct verb *verb, int argc, char **argv, void *data,
	   int least, int most, int *status)
{
	int first = options_parse(verb->options, argc, argv, data);
	if (first == OPTIONS_HELP) {
		print_help(verb);
		*status = 0;
		return -1;
	}
	if (first < 0) {
		*status = usage_error(verb);
		return -1;
	}
	int words = argc - first;
	if (words < least || (most >= 0 && words > most)) {
		failx("\"%s\" requires %s %d argument%s", verb->name,
		      least == most ? "exactly" :
		      words < least ? "at least" : "at most",
		      words < least ? least : most,
		      (words < least ? least : most) == 1 ? "" : "s");
		*status = usage_error(verb);
		return -1;
	}
	return first;
}

int
verb_settle(const struct verb *verb)
{
	if (geteuid() != 0) {
		failx("needs root: run it with sudo");
		return verb_error(verb);
	}
	/* What cannot be cleaned up now is said, and does not stop the verb:
	 * it has nothing to do with it. */
	if (container_recover(verb_root()) < 0)
		fprintf(stderr, "mydocker: warning: %s\n", failure.text);
	return 0;
}

const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < countof(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

/* ---- the program beside us --------------------------------------------- */

int
verb_run_image_tool(const char *const words[], int output)
{
	auto_free char *path = self_beside("mydocker-image");
	if (!path)
		return -1;
	size_t count = 0;
	while (words[count])
		count++;
	auto_free const char **argv = new_bytes((count + 6) * sizeof(*argv));
	argv[0] = path;
	argv[1] = "--root";
	argv[2] = verb_root();
	argv[3] = "--storage-driver";
	argv[4] = storage_name(verb_driver());
	memcpy(argv + 5, words, count * sizeof(*words));
	pid_t pid = fork();
	if (pid < 0)
		return fail("start %s", path);
	if (pid == 0) {
		dup2(output, STDOUT_FILENO);
		execv(path, (char *const *)argv);
		dprintf(STDERR_FILENO, "mydocker: run %s: %s\n", path,
			strerror(errno));
		_exit(EXIT_RUNTIME);
	}
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for %s", path);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
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
		printf("  %-10s %s\n", verbs[i]->name, verbs[i]->shows);
	printf("\nOptions before the verb:\n");
	options_print(global_options, stdout);
	printf("\n./demo alone is a tour; ./demo list says of what.\n"
	       "Images and containers are kept in %s (MYDOCKER_ROOT).\n",
	       verb_root());
	return 0;
}

int
verbs_main(int argc, char **argv)
{
	struct globals wanted = { 0 };
	int i = options_parse(global_options, argc, argv, &wanted);
	if ((i < 0 && i != OPTIONS_HELP) || choose_driver() < 0) {
		fprintf(stderr, "mydocker: %s\nSee './demo --help'.\n",
			failure.text);
		return EXIT_RUNTIME;
	}
	if (wanted.verbose)
		trace_hook = print_trace;
	if (wanted.version)
		return verb_version.run(&verb_version, 1, argv);
	if (i == OPTIONS_HELP || i == argc)
		return help();
	const struct verb *verb = verb_find(argv[i]);
	if (!verb && strcmp(argv[i], "help") == 0)
		return help();
	if (!verb) {
		fprintf(stderr,
			"mydocker: '%s' is neither a verb nor an experiment.\n"
			"See './demo --help' and './demo list'.\n", argv[i]);
		return 1;
	}
	/* Before there is a container that could get hold of our file. */
	if (verb == &verb_run && geteuid() == 0 && self_protect(argv) < 0)
		return verb_error(verb);
	return verb->run(verb, argc - i, argv + i);
}
