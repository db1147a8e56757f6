/*
 * mydocker-image - brings images into the store, and out of it.
 *
 *	mydocker-image [OPTION...] load [-i FILE|DIRECTORY] [-q] [-p PLATFORM]
 *	mydocker-image [OPTION...] save [-o FILE] [-p PLATFORM] NAME...
 *	mydocker-image [OPTION...] check
 *	mydocker-image [OPTION...] import [-c CHANGE] [-m TEXT] [-p PLATFORM]
 *		FILE|URL|- [NAME]
 *	mydocker-image [OPTION...] commit [-a WHO] [-c CHANGE] [-m TEXT]
 *		-p PARENT -b CREATED-BY [NAME]
 *	mydocker-image [OPTION...] builtin busybox
 *	mydocker-image [OPTION...] pull|push [-a] [-q] [-p PLATFORM] NAME
 *	mydocker-image login|logout [SERVER]
 *	mydocker-image fetch URL
 *	mydocker-image tar [-Lx] [-m overlay|aufs] [-e PATH] PATH NAME
 *	mydocker-image untar [-o UID:GID] PATH
 *
 * The options are --root DIR and --storage-driver overlay|aufs.  `commit` has
 * the layer's tar as its standard input, and the config as a file that is open
 * as descriptor 3; that of `tar` and `untar` is the directory in which their
 * PATH is, and the tar their standard output or input (tar.h).
 *
 * A program of its own, run by the runtime when an image comes in, so that the
 * libraries it needs do not slow down the start of every container.  Exit
 * status: 0, or 1 with one line on standard error that says why; after
 * SIGINT, SIGTERM or SIGHUP it cleans up and dies of that signal.
 */
#include "builtin.h"
#include "check.h"
#include "fetch.h"
#include "import.h"
#include "load.h"
#include "remote.h"
#include "save.h"
#include "stream.h"
#include "tar.h"
#include "tell_image.h"

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
	bool needs_no_store;
};

/* ---- verbs ------------------------------------------------------------- */

/* What is being done, for the line that complains: the failure has no room
 * for it beside a reason of some length. */
static char doing[PATH_MAX + 32];

/* What is in it, as a tar that a child of ours writes; a tar that breaks off
 * is its failure. */
static int
open_layout(int dir)
{
	const struct tar_source source = { .root = dir, .path = ".",
					   .name = "." };
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make a pipe");
	auto_close int out = ends[0], in = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return fail("fork");
	if (pid == 0) {
		close_scoped(&out);
		_exit(tar_write(&source, in) < 0);
	}
	return take_fd(&out);
}

/* Standard input for NULL and "-". */
static int
open_input(const char *verb, const char *file, const char **name)
{
	*name = file ? file : "standard input";
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) :
			fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return fail("open %s", *name);
	snprintf(doing, sizeof(doing), "%s %s: ", verb, *name);
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
	const char *file = NULL, *platform = NULL, *name;
	bool is_quiet = false;
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:i:p:q")) != -1;) {
		if (option == 'i')
			file = optarg;
		else if (option == 'p')
			platform = optarg;
		else if (option == 'q')
			is_quiet = true;
		else
			return failx("load: -%c: unknown, or without its "
				     "value", optopt);
	}
	if (optind < argc)
		return failx("load takes no arguments: name the file with -i");
	struct stat st;
	auto_close int fd = open_input("load", file, &name);
	if (fd < 0)
		return -1;
	auto_close int layout = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ?
					open_layout(fd) : take_fd(&fd);
	if (layout < 0)
		return -1;
	auto_words struct words loaded = { 0 };
	if (load_images(store, layout, name, platform, &loaded) < 0)
		return -1;
	for (size_t i = 0; !is_quiet && i < loaded.count; i++)
		puts(loaded.items[i]);
	return 0;
}

static int
save_to_file(struct store *store, char **names, const char *platforms,
	     const char *file)
{
	struct stat st;
	/* Never half an archive under the name that was asked for; but what
	 * is no file, /dev/null or a pipe, is written to. */
	bool is_other = stat(file, &st) == 0 && !S_ISREG(st.st_mode);
	auto_free char *beside = is_other ? copy_text(file) :
					    text("%s.%d", file, getpid());
	auto_close int fd = open(beside, O_WRONLY | O_CLOEXEC |
				 (is_other ? 0 : O_CREAT | O_EXCL), 0600);
	if (fd < 0)
		return fail("open %s", beside);
	int result = save_images(store, names, platforms, fd);
	if (result == 0 && !is_other && rename(beside, file) < 0)
		result = fail("rename %s to %s", beside, file);
	if (result < 0 && !is_other)
		unlink(beside);
	return result;
}

static int
run_save(struct store *store, int argc, char **argv)
{
	const char *file = NULL, *platforms = NULL;
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:o:p:")) != -1;) {
		if (option == 'o')
			file = optarg;
		else if (option == 'p')
			platforms = optarg;
		else
			return failx("save: -%c: unknown, or without its "
				     "value", optopt);
	}
	snprintf(doing, sizeof(doing), "save: ");
	if (optind == argc)
		return failx("which images?");
	if (file)
		return save_to_file(store, argv + optind, platforms, file);
	if (isatty(STDOUT_FILENO))
		return failx("cowardly refusing to save to a terminal. Use "
			     "the -o flag or redirect");
	return save_images(store, argv + optind, platforms, STDOUT_FILENO);
}

static int
run_check(struct store *store, int argc, char **argv)
{
	struct check check;
	(void)argv;
	snprintf(doing, sizeof(doing), "check: ");
	if (argc != 1)
		return failx("it takes no arguments");
	if (check_store(store, &check) < 0)
		return -1;
	size_t problems = check.problems.count;
	for (size_t i = 0; i < problems; i++)
		puts(check.problems.items[i]);
	printf("%zu image%s, %zu layer%s: ", check.images,
	       check.images == 1 ? "" : "s", check.layers,
	       check.layers == 1 ? "" : "s");
	puts(problems ? "not all is well" : "all is well");
	check_free(&check);
	return problems ? failx("%zu of them damaged", problems) : 0;
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

static bool
is_url(const char *source)
{
	return strncmp(source, "http://", 7) == 0 ||
	       strncmp(source, "https://", 8) == 0;
}

/* What is there, whole, in a file without a name. */
static int
open_url(const struct store *store, const char *url)
{
	snprintf(doing, sizeof(doing), "import: ");
	auto_close int fd = openat(store->dir, ".",
				   O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail("make a file for what %.150s is", url);
	if (fetch_url(url, fd) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail("read what %.150s is", url);
	return take_fd(&fd);
}

static int
open_source(const struct store *store, const char *source, const char **name)
{
	if (!is_url(source))
		return open_input("import", strcmp(source, "-") == 0 ?
				  NULL : source, name);
	*name = source;
	return open_url(store, source);
}

static int
run_import(struct store *store, int argc, char **argv)
{
	auto_words struct words changes = { 0 };
	const char *message = NULL, *platform = NULL, *name;
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:c:m:p:")) != -1;) {
		if (option == 'c')
			words_add(&changes, optarg);
		else if (option == 'm')
			message = optarg;
		else if (option == 'p')
			platform = optarg;
		else
			return failx("import: -%c: unknown, or without its "
				     "value", optopt);
	}
	argv += optind;
	if (argc - optind < 1 || argc - optind > 2)
		return failx("import takes a file (\"-\" is standard input) "
			     "or a URL, and the image's name");
	auto_close int fd = open_source(store, argv[0], &name);
	if (fd < 0)
		return -1;
	auto_free char *comment = message ? copy_text(message) :
					    text("Imported from %s", argv[0]);
	auto_free char *id = NULL;
	struct import import = { .name = argv[1], .comment = comment,
				 .created = time_now(), .platform = platform,
				 .changes = changes.items };
	if (import_tar(store, fd, name, &import, &id) < 0)
		return -1;
	image_tell(store, "import", id, argv[1]);
	puts(id);
	return 0;
}

/* What our caller has opened for us. */
enum { GIVEN = 3 };

static int
run_commit(struct store *store, int argc, char **argv)
{
	auto_words struct words changes = { 0 };
	struct import commit = { .created = time_now(), .comment = "" };
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:a:b:c:m:p:")) != -1;) {
		const char **texts[] = { ['a'] = &commit.author,
					 ['b'] = &commit.created_by,
					 ['m'] = &commit.comment,
					 ['p'] = &commit.parent };
		if (option == 'c')
			words_add(&changes, optarg);
		else if (option == '?' || option == ':')
			return failx("commit: -%c: unknown, or without its "
				     "value", optopt);
		else
			*texts[option] = optarg;
	}
	snprintf(doing, sizeof(doing), "commit: ");
	json_t *config = json_loadfd(GIVEN, 0, NULL);
	if (!config || !commit.parent)
		return failx("there is no config, or no image below");
	commit.name = argv[optind];
	commit.config = config;
	commit.changes = changes.items;
	auto_free char *id = NULL;
	int result = import_tar(store, STDIN_FILENO, "the container", &commit,
				&id);
	json_decref(config);
	if (result == 0)
		puts(id);
	return result;
}

static int
run_tar(struct store *store, int argc, char **argv)
{
	struct tar_source source = { .root = GIVEN };
	enum storage driver = STORAGE_OVERLAY;
	(void)store;
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:Le:m:x")) != -1;) {
		if (option == 'e')
			words_add(&source.leave_out, optarg);
		source.follow |= option == 'L';
		source.one_mount |= option == 'x';
		source.is_layer |= option == 'm';
		if (option == 'm' && storage_parse(optarg, &driver) < 0)
			return -1;
	}
	if (argc - optind != 2)
		return failx("usage: tar [-Lx] [-m DRIVER] [-e PATH] PATH "
			     "NAME");
	source.marks = storage_marks(driver);
	source.path = argv[optind];
	source.name = argv[optind + 1];
	int result = tar_write(&source, STDOUT_FILENO);
	words_free(&source.leave_out);
	return result;
}

/* How long the tar was is what it says. */
static int
run_untar(struct store *store, int argc, char **argv)
{
	struct place place = { .root = GIVEN };
	uint64_t bytes;
	(void)store;
	optind = 1;
	for (int option; (option = getopt(argc, argv, "+:o:")) != -1;)
		place.is_given = option == 'o' &&
				 sscanf(optarg, "%u:%u", &place.uid,
					&place.gid) == 2;
	if (argc - optind != 1)
		return failx("usage: untar [-o UID:GID] PATH");
	place.path = argv[optind];
	if (tar_read(&place, STDIN_FILENO, &bytes) < 0)
		return -1;
	printf("%llu\n", (unsigned long long)bytes);
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
	{ "load", "load [-i FILE|DIRECTORY] [-q] [-p PLATFORM]",
	  run_load, false },
	{ "save", "save [-o FILE] NAME...", run_save, false },
	{ "check", "check", run_check, false },
	{ "import", "import [-c CHANGE] [-m TEXT] [-p PLATFORM] FILE|- [NAME]",
	  run_import, false },
	{ "commit", "commit [-a WHO] [-c CHANGE] [-m TEXT] -p PARENT -b BY "
	  "[NAME]", run_commit, false },
	{ "builtin", "builtin busybox", run_builtin, false },
	{ "pull", REMOTE_PULL, remote_pull, false },
	{ "push", REMOTE_PUSH, remote_push, false },
	{ "login", REMOTE_LOGIN, remote_login, true },
	{ "logout", REMOTE_LOGOUT, remote_logout, true },
	{ "fetch", REMOTE_FETCH, remote_fetch, true },
	{ "tar", "tar [-Lx] [-m DRIVER] [-e PATH] PATH NAME", run_tar, true },
	{ "untar", "untar [-o UID:GID] PATH", run_untar, true },
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
	if (verb->needs_no_store)
		return verb->run(NULL, argc, argv);
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

	/* A server that hangs up is a failure and no more; but who writes into
	 * a pipe that is closed may die of it. */
	if (strcmp(verb->name, "save") != 0 && strcmp(verb->name, "tar") != 0)
		signal(SIGPIPE, SIG_IGN);
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
