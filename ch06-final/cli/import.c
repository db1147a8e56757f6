/* import.c - parent.  `import`: an image of one layer from a plain tar. */
#include "verbs.h"

#include <string.h>
#include <unistd.h>

#include "words.h"

struct import_options {
	struct words words; /* of mydocker-image */
};

static int
take_change(void *data, const char *value)
{
	struct import_options *wanted = data;
	words_add(&wanted->words, "-c");
	words_add(&wanted->words, value);
	return 0;
}

static int
take_message(void *data, const char *value)
{
	struct import_options *wanted = data;
	words_add(&wanted->words, "-m");
	words_add(&wanted->words, value);
	return 0;
}

static int
take_platform(void *data, const char *value)
{
	struct import_options *wanted = data;
	words_add(&wanted->words, "-p");
	words_add(&wanted->words, value);
	return 0;
}

static const struct option_row options[] = {
	{ 'c', "change", "list", "Apply Dockerfile instruction to the created "
	  "image", take_change, 0 },
	{ 'm', "message", "string", "Set commit message for imported image",
	  take_message, 0 },
	{ 0, "platform", "string", "Which platform it is for: os/arch",
	  take_platform, 0 },
	{ 0 },
};

/* One from elsewhere takes the host's network, also of an ordinary user. */
static int
settle(const struct verb *verb, const char *source)
{
	return strncmp(source, "http", 4) == 0 && strstr(source, "://") ?
		       verb_settle_to_fetch(verb) : verb_settle(verb);
}

static int
run_import(const struct verb *verb, int argc, char **argv)
{
	struct import_options wanted = { 0 };
	int status;
	words_add(&wanted.words, "import");
	int first = verb_begin(verb, argc, argv, &wanted, 1, 2, &status);
	if (first >= 0 && (status = settle(verb, argv[first])) == 0) {
		words_add(&wanted.words, "--");
		for (int i = first; i < argc; i++)
			words_add(&wanted.words, argv[i]);
		status = verb_run_image_tool(
			(const char *const *)wanted.words.items,
			STDOUT_FILENO);
		if (status < 0)
			status = verb_error(verb);
	}
	words_free(&wanted.words);
	return status;
}

const struct verb verb_import = {
	.name = "import",
	.arguments = "FILE|URL|- [REPOSITORY[:TAG]]",
	.shows = "Make an image of a root file system in a tar",
	.options = options,
	.failure_status = 1,
	.run = run_import,
};
