/*
 * mydocker-build - builds an image from a Dockerfile.
 *
 *	mydocker-build ROOT DRIVER build [OPTION...] PATH|-
 *
 * A program of its own, run by `demo build`: it needs all that mydocker-image
 * needs, to make layers, and all that starts a container, to run commands.
 * Progress and complaints go to standard error; standard output is the image's
 * id with -q, or what --output sends there.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "build_shelf.h"
#include "container.h"
#include "outcome.h"
#include "self.h"
#include "stages.h"
#include "steps.h"
#include "platform.h"
#include "told.h"
#include "tool/manifest.h"

/* ---- what is wanted ------------------------------------------------------ */

/* An ARG has it, too, wherever it comes from. */
static const char *
epoch_of(struct words *args)
{
	static const char name[] = "SOURCE_DATE_EPOCH";
	const char *epoch = getenv(name);
	bool is_said = false;
	for (size_t i = 0; i < args->count; i++) {
		const char *arg = args->items[i];
		size_t length = strcspn(arg, "=");
		if (length != strlen(name) || strncmp(arg, name, length) != 0)
			continue;
		is_said = true;
		epoch = arg[length] ? arg + length + 1 : epoch;
	}
	if (epoch && *epoch && !is_said) {
		auto_free char *arg = text("%s=%s", name, epoch);
		words_add(args, arg);
	}
	return epoch;
}

static int
read_epoch(struct build *build)
{
	const char *epoch = epoch_of(&build->options.args);
	uint64_t seconds;
	if (!epoch || !*epoch)
		return 0;
	if (parse_number(epoch, 0, INT64_MAX / 2, &seconds) < 0)
		return failx("SOURCE_DATE_EPOCH: \"%.40s\" is no number of "
			     "seconds", epoch);
	build->has_epoch = true;
	build->epoch = seconds;
	return 0;
}

/* As it is written. */
static char *
platform_of(const struct build_options *options)
{
	const char *given = options->platform ?: getenv(
		"DOCKER_DEFAULT_PLATFORM");
	if (!given || !*given)
		given = manifest_platform();
	return strchr(given, '/') ? copy_text(given) : text("linux/%s", given);
}

/* --build-arg NAME is what the environment says. */
static void
look_up_args(const struct words *given, struct words *args)
{
	for (size_t i = 0; i < given->count; i++) {
		const char *arg = given->items[i];
		const char *value = strchr(arg, '=') ? NULL : getenv(arg);
		auto_free char *pair = value ? text("%s=%s", arg, value) :
					       copy_text(arg);
		if (strchr(pair, '='))
			words_add(args, pair);
	}
}

static enum told_kind
kind_of_telling(const struct build_options *options)
{
	const char *progress = options->progress ?: getenv(
		"BUILDKIT_PROGRESS") ?: "auto";
	if (options->quiet || strcmp(progress, "quiet") == 0)
		return TOLD_NOTHING;
	const char *term = getenv("TERM");
	bool is_terminal = isatty(STDERR_FILENO) && term &&
			   strcmp(term, "dumb") != 0;
	if (strcmp(progress, "tty") == 0 ||
	    (strcmp(progress, "auto") == 0 && is_terminal))
		return TOLD_TERMINAL;
	return TOLD_PLAIN;
}

/* ---- the Dockerfile ------------------------------------------------------ */

static int
load(struct build *build, const char *word)
{
	struct telling telling;
	struct build_context *context = &build->context;
	auto_free char *title =
		text("[internal] load build definition from %s",
		     strcmp(word, "-") == 0 ? "standard input" :
					      build->options.file ?:
					      "Dockerfile");
	telling_begin(&telling, title);
	auto_free char *place = text("%s/tmp/%s", build->store.root,
				     build->scratch.name);
	const struct build_context_wanted wanted = {
		.word = word,
		.file = build->options.file,
		.scratch = build->scratch.dir,
		.place = place,
	};
	if (build_context_open(context, &wanted) < 0) {
		telling_failed(&telling);
		told_complain("");
		return -1;
	}
	telling_note(&telling, "transferring dockerfile: %zuB done",
		     context->length);
	telling_done(&telling);
	return 0;
}

static int
parse(struct build *build)
{
	auto_words struct words args = { 0 };
	struct dockerfile *file = &build->file;
	auto_free char *native = platform_normal(manifest_platform());
	look_up_args(&build->options.args, &args);
	if (dockerfile_parse(build->context.name, build->context.dockerfile,
			     build->context.length, file) == 0 &&
	    dockerfile_resolve(file, &args, build->platform, native) == 0)
		return 0;
	auto_free char *excerpt = dockerfile_excerpt(file);
	told_complain(excerpt);
	return -1;
}

static int
find_target(struct build *build)
{
	const char *name = build->options.target;
	if (build->file.stage_count == 0)
		failx("the Dockerfile has no stage: nothing begins with FROM");
	int target = name ? dockerfile_stage(&build->file, name) :
			    (int)build->file.stage_count - 1;
	if (target < 0)
		told_complain("");
	return target;
}

static void
warn(const struct build *build)
{
	auto_words struct words unused = { 0 };
	for (size_t i = 0; i < build->file.warnings.count; i++)
		told_warn("WARN: %s\n", build->file.warnings.items[i]);
	dockerfile_unused(&build->file, &unused);
	for (size_t i = 0; i < unused.count; i++)
		told_warn("[Warning] One or more build-args [%s] were not "
			  "consumed\n", unused.items[i]);
}

/* ---- the build ----------------------------------------------------------- */

static int
write_id(const struct build *build, const char *id, int stdout_fd)
{
	const char *file = build->options.iidfile;
	if (!id)
		return 0;
	if (build->options.quiet)
		dprintf(stdout_fd, "%s\n", id);
	return file ? write_file(AT_FDCWD, file, id, 0644) : 0;
}

static int
carry_out(struct build *build, const char *word, int stdout_fd)
{
	auto_free char *id = NULL;
	if (load(build, word) < 0 || parse(build) < 0)
		return -1;
	int target = find_target(build);
	if (target < 0)
		return -1;
	if (!build->options.quiet)
		warn(build);
	build->done = new_bytes(build->file.stage_count *
				sizeof(*build->done));
	if (stages_run(build, target) < 0)
		return -1;
	if (outcome_make(build, &build->done[target], stdout_fd, &id) < 0 ||
	    write_id(build, id, stdout_fd) < 0) {
		told_complain("");
		return -1;
	}
	return 0;
}

/* Steps are not removed while somebody builds. */
static int
hold_steps(struct build *build)
{
	build->lock = build_shelf_lock(&build->store, LOCK_SH);
	return build->lock < 0 ? -1 : 0;
}

static int
settle_platform(struct build *build)
{
	auto_free char *platform = platform_of(&build->options);
	if (strchr(platform, ','))
		return failx("--platform=%.60s: one platform at a time is "
			     "built here, each by a name of its own", platform);
	if (!platform_is_valid(platform) ||
	    strncmp(platform, "linux/", 6) != 0)
		return failx("--platform=%.60s: it is no \"linux/arch\" or "
			     "\"linux/arch/variant\"", platform);
	build->platform = platform_normal(platform);
	return 0;
}

static int
open_all(struct build *build, enum storage driver)
{
	if (build_options_check(&build->options) < 0 ||
	    settle_platform(build) < 0 ||
	    read_epoch(build) < 0 || steps_check_names() < 0 ||
	    told_begin(kind_of_telling(&build->options)) < 0 ||
	    store_open(&build->store, build->root, driver) < 0 ||
	    hold_steps(build) < 0 ||
	    scratch_create(&build->store, &build->scratch) < 0)
		return -1;
	return 0;
}

static void
close_all(struct build *build)
{
	for (size_t i = 0; build->done && i < build->file.stage_count; i++)
		build_state_free(&build->done[i]);
	free(build->done);
	build_context_close(&build->context);
	dockerfile_free(&build->file);
	if (build->scratch.name)
		scratch_remove(&build->store, &build->scratch);
	store_close(&build->store);
	close_scoped(&build->lock);
	build_options_free(&build->options);
	free(build->platform);
}

/* What others print, a pull, is no output of ours. */
static int
spare_stdout(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ?
		       fail("keep standard output") : fd;
}

static int
run(int argc, char **argv, enum storage driver)
{
	struct build build = { .root = argv[1], .lock = -1,
			       .scratch = { .dir = -1 },
			       .options = { .settings = SETTINGS_DEFAULT } };
	auto_close int stdout_fd = spare_stdout();
	int first = stdout_fd < 0 ? -1 :
		options_parse_anywhere(build_option_rows, argc - 3, argv + 3,
				       &build.options);
	int result = -1;
	if (first >= 0 && argc - 3 == first + 1 &&
	    open_all(&build, driver) == 0)
		result = carry_out(&build, argv[3 + first], stdout_fd);
	else
		told_complain("");
	close_all(&build);
	return result;
}

int
main(int argc, char **argv)
{
	enum storage driver;
	self_begin();
	if (argc < 5 || storage_parse(argv[2], &driver) < 0) {
		fprintf(stderr, "mydocker-build is run by `demo build`\n");
		return 125;
	}
	if (self_protect(argv) < 0) {
		fprintf(stderr, "mydocker build: %s\n", failure.text);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	int result = run(argc, argv, driver);
	told_end();
	if (stages_interrupted()) {
		signal(stages_interrupted(), SIG_DFL);
		raise(stages_interrupted());
	}
	return result < 0 ? 1 : 0;
}
