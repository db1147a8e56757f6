/* build_options.c - parent.  See build_options.h. */
#include "build_options.h"

#include <stdlib.h>
#include <string.h>

#include "limit_options.h"
#include "network_options.h"

#define TEXT(letter, name, value, help, member)                               \
	MEMBER(letter, name, value, help, option_take_text,                   \
	       struct build_options, member)
#define LIST(letter, name, value, help, member)                               \
	MEMBER(letter, name, value, help, option_take_word,                   \
	       struct build_options, member)
#define FLAG(letter, name, help, member)                                      \
	SWITCH(letter, name, help, struct build_options, member)

const struct option_row build_option_rows[] = {
	MEMBER(0, "add-host", "list", "Add a custom host-to-IP mapping "
	       "(host:ip)", take_host, struct build_options, settings.hosts),
	LIST(0, "build-arg", "list", "Set build-time variables", args),
	TEXT('f', "file", "string", "Name of the Dockerfile (default: "
	     "\"PATH/Dockerfile\")", file),
	FLAG(0, "force-rm", "Always remove intermediate containers (they "
	     "always are)", removes_always),
	TEXT(0, "iidfile", "string", "Write the image ID to a file", iidfile),
	LIST(0, "label", "list", "Set metadata for an image", labels),
	TEXT(0, "network", "string", "Set the networking mode for the RUN "
	     "instructions during build (default \"default\")", network),
	FLAG(0, "no-cache", "Do not use cache when building the image",
	     no_cache),
	TEXT('o', "output", "string", "Output destination: a directory, or "
	     "type=local|tar|docker|oci,dest=PATH", output),
	TEXT(0, "platform", "string", "Set the target platform of the build",
	     platform),
	TEXT(0, "progress", "string", "Set type of progress output (auto, "
	     "plain, tty, quiet)", progress),
	FLAG(0, "pull", "Always attempt to pull newer versions of the base "
	     "images", pull),
	FLAG('q', "quiet", "Suppress the build output and print image ID on "
	     "success", quiet),
	FLAG(0, "rm", "Remove intermediate containers after a successful "
	     "build (they always are)", removes),
	LIST(0, "secret", "list", "Secret to expose to the build "
	     "(id=mysecret[,src=/local/secret|,env=NAME])", secrets),
	MEMBER(0, "shm-size", "bytes", "Size of /dev/shm for build containers",
	       take_size, struct build_options, settings.shm_size),
	LIST('t', "tag", "list", "Name and optionally a tag (format: "
	     "\"name:tag\")", tags),
	TEXT(0, "target", "string", "Set the target build stage to build",
	     target),
	MEMBER(0, "ulimit", "ulimit", "Ulimit options", take_ulimit,
	       struct build_options, settings),
	{ 0 },
};

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static int
check_secret(const char *secret)
{
	auto_free char *id = build_field(secret, "id");
	auto_free char *type = build_field(secret, "type");
	if (type && strcmp(type, "file") != 0 && strcmp(type, "env") != 0)
		return failx("unsupported secret type \"%.40s\"", type);
	return id && *id ? 0 : failx("invalid secret: %.100s: it has no id=",
				     secret);
}

int
build_options_check(const struct build_options *options)
{
	static const char *const progresses[] = { "auto", "plain", "tty",
						  "quiet", NULL };
	static const char *const networks[] = { "default", "bridge", "none",
						"host", NULL };
	struct output output = { 0 };
	if (options->progress && !is_one_of(options->progress, progresses))
		return failx("invalid progress: %.40s", options->progress);
	if (options->network && !is_one_of(options->network, networks))
		return failx("network mode \"%.40s\" not supported by builds: "
			     "say default, none or host", options->network);
	for (size_t i = 0; i < options->secrets.count; i++)
		if (check_secret(options->secrets.items[i]) < 0)
			return -1;
	for (size_t i = 0; i < options->labels.count; i++)
		if (options->labels.items[i][0] == '=')
			return failx("invalid label '%.80s': empty name",
				     options->labels.items[i]);
	int result = output_parse(options->output, &output);
	free(output.dest);
	return result;
}

void
build_options_free(struct build_options *options)
{
	char *texts[] = { options->file, options->target, options->platform,
			  options->network, options->progress,
			  options->iidfile, options->output };
	for (size_t i = 0; i < countof(texts); i++)
		free(texts[i]);
	words_free(&options->tags);
	words_free(&options->args);
	words_free(&options->labels);
	words_free(&options->secrets);
	settings_free(&options->settings);
	*options = (struct build_options){ 0 };
}

char *
build_field(const char *fields, const char *name)
{
	size_t length = strlen(name);
	while (*fields) {
		size_t end = strcspn(fields, ",");
		if (strncmp(fields, name, length) == 0 &&
		    fields[length] == '=')
			return text("%.*s", (int)(end - length - 1),
				    fields + length + 1);
		fields += end + (fields[end] == ',');
	}
	return NULL;
}

/* ---- --output ------------------------------------------------------------ */

static int
output_kind(const char *type, enum output_kind *kind)
{
	static const struct {
		const char *name;
		enum output_kind kind;
	} kinds[] = {
		{ "image", OUTPUT_IMAGE },    { "local", OUTPUT_LOCAL },
		{ "tar", OUTPUT_TAR },	      { "docker", OUTPUT_ARCHIVE },
		{ "oci", OUTPUT_ARCHIVE },
	};
	for (size_t i = 0; i < countof(kinds); i++) {
		if (strcmp(kinds[i].name, type) != 0)
			continue;
		*kind = kinds[i].kind;
		return 0;
	}
	return failx("output type \"%.40s\" is none of image, local, tar, "
		     "docker and oci", type);
}

int
output_parse(const char *string, struct output *output)
{
	*output = (struct output){ .kind = OUTPUT_IMAGE };
	if (!string)
		return 0;
	if (!strchr(string, '=')) {
		bool is_stdout = strcmp(string, "-") == 0;
		output->kind = is_stdout ? OUTPUT_TAR : OUTPUT_LOCAL;
		output->dest = copy_text(string);
		return 0;
	}
	auto_free char *type = build_field(string, "type");
	if (!type)
		return failx("type is required for output");
	if (output_kind(type, &output->kind) < 0)
		return -1;
	output->dest = build_field(string, "dest");
	if (output->dest || output->kind == OUTPUT_IMAGE)
		return 0;
	if (output->kind == OUTPUT_LOCAL)
		return failx("dest is required for local output");
	/* Docker's "docker" without a file is its own store. */
	if (strcmp(type, "docker") == 0)
		output->kind = OUTPUT_IMAGE;
	else
		output->dest = copy_text("-");
	return 0;
}
