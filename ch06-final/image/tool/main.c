/*
 * mydocker-image - brings images into the store.
 *
 *	mydocker-image [OPTION...] load [-i FILE] [-q]
 *	mydocker-image [OPTION...] import FILE|- [NAME]
 *	mydocker-image [OPTION...] builtin busybox
 *
 * The options are --root DIR and --storage-driver overlay|aufs.
 *
 * A program of its own, run by the runtime when an image comes in, so that the
 * libraries it needs do not slow down the start of every container.  Exit
 * status: 0, or 1 with one line on standard error that says why; after
 * SIGINT, SIGTERM or SIGHUP it cleans up and dies of that signal.
 */
#include "builtin.h"
#include "import.h"
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct verb {
	const char *name;
	const char *usage;
	int (*run)(struct store *store, int argc, char **argv);
};

/* ---- verbs ------------------------------------------------------------- */

/* What is being done, for the line that complains: the failure has no room
 * for it beside a reason of some length. */
static char doing[PATH_MAX + 32];

/* Standard input for NULL and "-". */
static int
open_input(const char *verb, const char *file, const char **name)
{
	*name = file ? file : "standard input";
	snprintf(doing, sizeof(doing), "%s %s: ", verb, *name);
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) :
			fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return fail("open");
	if (!file && isatty(fd)) {
		close(fd);
		return failx("there is only a terminal to read from: name a "
			     "file with -i, or redirect the input");
	}
	return fd;
}

static int
run_load(struct store *store, int argc, char **argv)
{
	const char *file = NULL, *name;
	bool is_quiet = false;
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:i:q")) != -1;) {
		if (option == 'i')
			file = optarg;
		else if (option == 'q')
			is_quiet = true;
		else
			return failx("load: -%c: unknown, or without its "
				     "value", optopt);
	}
	if (optind < argc)
		return failx("load takes no arguments: name the file with -i");
	auto_close int fd = open_input("load", file, &name);
	if (fd < 0)
		return -1;
	auto_words struct words loaded = { 0 };
	if (load_images(store, fd, name, &loaded) < 0)
		return -1;
	for (size_t i = 0; !is_quiet && i < loaded.count; i++)
		puts(loaded.items[i]);
	return 0;
}

/* Reproducible where the build asks for it (reproducible-builds.org). */
static time_t
time_now(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;
	if (epoch && parse_number(epoch, 0, INT32_MAX, &seconds) == 0)
		return seconds;
	return time(NULL);
}

static int
run_import(struct store *store, int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		return failx("import takes a file (\"-\" is standard input) "
			     "and the image's name");
	bool is_stdin = strcmp(argv[1], "-") == 0;
	const char *name;
	auto_close int fd = open_input("import", is_stdin ? NULL : argv[1],
					&name);
	if (fd < 0)
		return -1;
	auto_free char *comment = text("Imported from %s", argv[1]);
	auto_free char *id = NULL;
	struct import import = { .name = argv[2], .comment = comment,
				 .created = time_now() };
	struct file_stream file;
	file_stream_open(&file, fd, name, -1);
	int result = import_tar(store, &file.stream, &import, &id);
	file_stream_close(&file);
	if (result < 0)
		return -1;
	puts(id);
	return 0;
}

static int
run_builtin(struct store *store, int argc, char **argv)
{
	auto_free char *id = NULL;
	if (argc != 2 || strcmp(argv[1], "busybox") != 0)
		return failx("builtin: the one that there is, is \"busybox\"");
	snprintf(doing, sizeof(doing), "make the image busybox: ");
	if (builtin_busybox(store, &id) < 0)
		return -1;
	puts("Loaded image: busybox:latest");
	return 0;
}

static const struct verb verbs[] = {
	{ "load", "load [-i FILE] [-q]", run_load },
	{ "import", "import FILE|- [NAME]", run_import },
	{ "builtin", "builtin busybox", run_builtin },
};

/* ---- main -------------------------------------------------------------- */

static volatile sig_atomic_t signal_number;

static void
interrupt(int number)
{
	signal_number = number;
	stream_interrupted = 1;
}

/* Reading stops at the next block, and the usual way out cleans up.  A second
 * signal of the kind kills at once; what is left, the next command removes. */
static void
catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupt,
				    .sa_flags = SA_RESETHAND };
	for (size_t i = 0; i < countof(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

/* File names in a hostile archive may have line feeds or escape sequences. */
static void
put_printable(const char *string)
{
	for (; *string; string++)
		fputc((unsigned char)*string < ' ' || *string == 127 ? '?' :
								   *string,
		      stderr);
}

static void
complain(void)
{
	fputs("mydocker: ", stderr);
	put_printable(doing);
	put_printable(failure.text);
	fputc('\n', stderr);
}

static int
usage(void)
{
	fprintf(stderr, "usage: mydocker-image [--root DIR] "
			"[--storage-driver NAME] VERB, which is one of:\n");
	for (size_t i = 0; i < countof(verbs); i++)
		fprintf(stderr, "\t%s\n", verbs[i].usage);
	return 1;
}

static int
run(const struct verb *verb, const char *root, const char *driver_name,
    int argc, char **argv)
{
	auto_store struct store store = { 0 };
	enum storage driver;
	if (storage_parse(driver_name, &driver) < 0)
		return -1;
	if (store_open(&store, root, driver) < 0)
		return wrap("open the store");
	return verb->run(&store, argc, argv);
}

int
main(int argc, char **argv)
{
	const char *root = STORE_ROOT;
	const char *driver = storage_name(STORAGE_OVERLAY);
	int first = 1;
	for (; first + 1 < argc; first += 2) {
		if (strcmp(argv[first], "--root") == 0)
			root = argv[first + 1];
		else if (strcmp(argv[first], "--storage-driver") == 0)
			driver = argv[first + 1];
		else
			break;
	}
	const struct verb *verb = NULL;
	for (size_t i = 0; first < argc && i < countof(verbs); i++)
		if (strcmp(argv[first], verbs[i].name) == 0)
			verb = &verbs[i];
	if (!verb)
		return usage();

	umask(0);
	catch_signals();
	int result = run(verb, root, driver, argc - first, argv + first);
	if (result == 0 && fflush(stdout) != 0)
		result = fail("write to standard output");
	if (result < 0)
		complain();
	if (signal_number) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	return result < 0 ? 1 : 0;
}
