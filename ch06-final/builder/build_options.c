/* build_options.c - parent.  See build_options.h. */
#include "build_options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
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
	LIST(0, "cache-from", "list", "External cache sources (taken, and not "
	     "looked at: the cache is the store's own)", ignored),
	LIST(0, "cache-to", "list", "Cache export destinations (taken, and "
	     "nothing is exported)", ignored),
	TEXT('f', "file", "string", "Name of the Dockerfile (default: "
	     "\"PATH/Dockerfile\")", file),
	FLAG(0, "force-rm", "Always remove intermediate containers (they "
	     "always are)", removes_always),
	TEXT(0, "iidfile", "string", "Write the image ID to a file", iidfile),
	LIST(0, "label", "list", "Set metadata for an image", labels),
	FLAG(0, "load", "Store the image (it always is, but for --output)",
	     loads),
	TEXT(0, "network", "string", "Set the networking mode for the RUN "
	     "instructions during build (default \"default\")", network),
	FLAG(0, "no-cache", "Do not use cache when building the image",
	     no_cache),
	LIST(0, "no-cache-filter", "stages", "Do not use cache for these "
	     "stages (\"one,two\")", uncached),
	LIST('o', "output", "list", "Output destination: a directory, or "
	     "type=local|tar|docker|oci,dest=PATH", outputs),
	TEXT(0, "platform", "string", "Set the target platform of the build",
	     platform),
	TEXT(0, "progress", "string", "Set type of progress output (auto, "
	     "plain, tty, quiet)", progress),
	TEXT(0, "provenance", "false", "None is written: \"false\" is all "
	     "that is known", provenance),
	FLAG(0, "pull", "Always attempt to pull newer versions of the base "
	     "images", pull),
	FLAG('q', "quiet", "Suppress the build output and print image ID on "
	     "success", quiet),
	FLAG(0, "rm", "Remove intermediate containers after a successful "
	     "build (they always are)", removes),
	TEXT(0, "sbom", "false", "None is written: \"false\" is all that is "
	     "known", sbom),
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
	static const char *const keys[] = { "id", "type", "src", "source",
					    "env", NULL };
	auto_words struct words fields = { 0 };
	if (csv_read(secret, &fields) < 0)
		return wrap("invalid secret %.100s", secret);
	for (size_t i = 0; i < fields.count; i++) {
		const char *field = fields.items[i];
		auto_free char *key = text("%.*s", (int)strcspn(field, "="),
					   field);
		if (!strchr(field, '='))
			return failx("invalid secret: field '%.60s' must be a "
				     "key=value pair", field);
		if (!is_one_of(key, keys))
			return failx("invalid secret: unexpected key '%.40s' "
				     "in '%.60s'", key, field);
	}
	auto_free char *id = build_field(secret, "id");
	auto_free char *type = build_field(secret, "type");
	if (type && strcmp(type, "file") != 0 && strcmp(type, "env") != 0)
		return failx("unsupported secret type \"%.40s\"", type);
	return id && *id ? 0 : failx("invalid secret: %.100s: it has no id=",
				     secret);
}

/* What BuildKit can say of an image besides. */
static int
check_attestation(const char *name, const char *value)
{
	if (!value || strcmp(value, "false") == 0)
		return 0;
	return failx("--%s=%.40s: no attestations are written here: say "
		     "--%s=false", name, value, name);
}

int
build_options_check(const struct build_options *options)
{
	static const char *const progresses[] = { "auto", "plain", "tty",
						  "quiet", NULL };
	static const char *const networks[] = { "default", "bridge", "none",
						"host", NULL };
	if (options->progress && !is_one_of(options->progress, progresses))
		return failx("invalid progress: %.40s", options->progress);
	if (options->network && !is_one_of(options->network, networks))
		return failx("network mode \"%.40s\" not supported by builds: "
			     "say default, none or host", options->network);
	if (check_attestation("provenance", options->provenance) < 0 ||
	    check_attestation("sbom", options->sbom) < 0)
		return -1;
	for (size_t i = 0; i < options->uncached.count; i++) {
		auto_words struct words stages = { 0 };
		if (csv_read(options->uncached.items[i], &stages) < 0)
			return wrap("--no-cache-filter");
	}
	for (size_t i = 0; i < options->secrets.count; i++)
		if (check_secret(options->secrets.items[i]) < 0)
			return -1;
	for (size_t i = 0; i < options->labels.count; i++)
		if (options->labels.items[i][0] == '=')
			return failx("invalid label '%.80s': empty name",
				     options->labels.items[i]);
	for (size_t i = 0; i < options->outputs.count; i++) {
		auto_output struct output output = { 0 };
		if (output_parse(options->outputs.items[i], &output) < 0)
			return -1;
	}
	return 0;
}

bool
build_options_makes_anew(const struct build_options *options,
			 const char *stage)
{
	for (size_t i = 0; i < options->uncached.count; i++) {
		auto_words struct words stages = { 0 };
		csv_read(options->uncached.items[i], &stages);
		for (size_t n = 0; n < stages.count; n++)
			if (strcasecmp(stages.items[n], stage) == 0)
				return true;
	}
	return false;
}

void
build_options_free(struct build_options *options)
{
	char *texts[] = { options->file, options->target, options->platform,
			  options->network, options->progress,
			  options->iidfile, options->provenance,
			  options->sbom };
	for (size_t i = 0; i < countof(texts); i++)
		free(texts[i]);
	words_free(&options->outputs);
	words_free(&options->tags);
	words_free(&options->args);
	words_free(&options->labels);
	words_free(&options->secrets);
	words_free(&options->uncached);
	words_free(&options->ignored);
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

/* What has only one value here is taken with that one. */
static int
take_fixed(const char *key, const char *value)
{
	static const struct {
		const char *key, *value, *why;
	} fixed[] = {
		{ "push", "false", "push the image by the verb push" },
		{ "tar", "true", "unpack the archive with tar" },
		{ "platform-split", "false", "there is one platform" },
	};
	for (size_t i = 0; i < countof(fixed); i++) {
		if (strcmp(fixed[i].key, key) != 0)
			continue;
		return strcmp(fixed[i].value, value) == 0 ? 0 :
			failx("output %s=%.40s is not supported: %s", key,
			      value, fixed[i].why);
	}
	return failx("unexpected key '%.40s' for an output", key);
}

/* Several names stand in one field in quotes, between commas. */
static void
add_names(const char *value, struct words *names)
{
	while (*value) {
		size_t length = strcspn(value, ",");
		auto_free char *name = text("%.*s", (int)length, value);
		words_add(names, name);
		value += length + (value[length] == ',');
	}
}

static int
take_output(const char *field, struct output *output, char **type)
{
	const char *equals = strchr(field, '=');
	if (!equals)
		return failx("invalid output %.60s: it is no key=value", field);
	auto_free char *key = text("%.*s", (int)(equals - field), field);
	const char *value = equals + 1;
	if (strcmp(key, "type") == 0)
		option_take_text(type, value);
	else if (strcmp(key, "dest") == 0)
		option_take_text(&output->dest, value);
	else if (strcmp(key, "name") == 0)
		add_names(value, &output->names);
	else
		return take_fixed(key, value);
	return 0;
}

/* Where it goes when that is not said, and whether it goes anywhere. */
static int
complete_output(struct output *output, const char *type)
{
	bool is_files = output->kind == OUTPUT_LOCAL ||
			output->kind == OUTPUT_TAR;
	if (is_files && output->names.count)
		return failx("output type \"%s\" has no name: there are only "
			     "files", type);
	if (output->kind == OUTPUT_IMAGE && output->dest)
		return failx("output type \"image\" has no dest: it goes into "
			     "the store (type=docker and type=oci are files)");
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

int
output_parse(const char *string, struct output *output)
{
	auto_words struct words fields = { 0 };
	auto_free char *type = NULL;
	*output = (struct output){ .kind = OUTPUT_IMAGE };
	if (!string)
		return 0;
	if (!strchr(string, '=')) {
		bool is_stdout = strcmp(string, "-") == 0;
		output->kind = is_stdout ? OUTPUT_TAR : OUTPUT_LOCAL;
		output->dest = copy_text(string);
		return 0;
	}
	if (csv_read(string, &fields) < 0)
		return wrap("invalid output %.100s", string);
	for (size_t i = 0; i < fields.count; i++)
		if (take_output(fields.items[i], output, &type) < 0)
			return -1;
	if (!type)
		return failx("type is required for output");
	return output_kind(type, &output->kind) < 0 ?
		       -1 : complete_output(output, type);
}

void
output_free(struct output *output)
{
	free(output->dest);
	words_free(&output->names);
	*output = (struct output){ 0 };
}
