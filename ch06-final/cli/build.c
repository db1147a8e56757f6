/* build.c - parent.  `build`: an image from a Dockerfile.  The work is done by
 * mydocker-build, the program beside us (builder/). */
#include "verbs.h"

#include "build_options.h"
#include "self.h"

/* It reads the command line as we do; what is wrong with it is told here. */
static int
become_builder(int argc, char **argv)
{
	auto_free char *path = self_beside("mydocker-build");
	auto_free char **words = new_bytes((argc + 4) * sizeof(*words));
	if (!path)
		return -1;
	words[0] = path;
	words[1] = (char *)(uintptr_t)verb_root();
	words[2] = (char *)(uintptr_t)storage_name(verb_driver());
	for (int i = 0; i < argc; i++)
		words[i + 3] = argv[i];
	fflush(NULL);
	return self_execute(path, words);
}

static int
run_build(const struct verb *verb, int argc, char **argv)
{
	struct build_options options = { .settings = SETTINGS_DEFAULT };
	auto_free char **kept = new_bytes((argc + 1) * sizeof(*kept));
	int status;
	/* Parsing moves plain words to the end. */
	for (int i = 0; i < argc; i++)
		kept[i] = argv[i];
	int first = verb_begin(verb, argc, argv, &options, 1, 1, &status);
	if (first >= 0) {
		if (build_options_check(&options) < 0)
			status = verb_error(verb);
		else if ((status = verb_settle_to_fetch(verb)) == 0 &&
			 become_builder(argc, kept) < 0)
			status = verb_error(verb);
	}
	build_options_free(&options);
	return status;
}

const struct verb verb_build = {
	.name = "build",
	.arguments = "PATH | -",
	.shows = "Build an image from a Dockerfile",
	.options = build_option_rows,
	.failure_status = 1,
	.run = run_build,
};
