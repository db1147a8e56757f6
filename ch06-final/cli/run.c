/* run.c - parent.  `run`: a container from an image, until it ends. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "steps.h"
#include "store.h"
#include "units.h"
#include "words.h"

/* What the command line says; some of it is the image's if it does not. */
struct run_options {
	struct config config;
	struct words env;
};

/* ---- options ----------------------------------------------------------- */

static int
take_name(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	free_scoped(&config->name);
	config->name = copy_text(value);
	return check_name(value);
}

static int
take_hostname(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	free_scoped(&config->hostname);
	config->hostname = copy_text(value);
	return check_hostname(value);
}

static int
take_memory(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	if (parse_size(value, &config->limits.memory) < 0)
		return -1;
	if (config->limits.memory < 4 << 20)
		return failx("minimum memory limit allowed is 4MB");
	return 0;
}

static int
take_cpus(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	return parse_cpus(value, &config->limits.cpu_quota_us);
}

static int
take_volume(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	struct volume volume;
	if (parse_volume(value, &volume) < 0)
		return -1;
	config->volumes = resize_bytes(config->volumes,
				       (config->volume_count + 1) *
					       sizeof(*config->volumes));
	config->volumes[config->volume_count++] = volume;
	return 0;
}

static int
take_publish(void *data, const char *value)
{
	struct config *config = &((struct run_options *)data)->config;
	struct nat_port publish;
	if (parse_publish(value, &publish) < 0)
		return -1;
	config->publish = resize_bytes(config->publish,
				       (config->publish_count + 1) *
					       sizeof(*config->publish));
	config->publish[config->publish_count++] = publish;
	return 0;
}

/* "NAME=value", or "NAME": our own value, when we have one. */
static int
take_env(void *data, const char *value)
{
	struct run_options *wanted = data;
	if (value[0] == '=' || value[0] == '\0')
		return failx("invalid environment variable: %s", value);
	if (strchr(value, '=')) {
		words_add(&wanted->env, value);
		return 0;
	}
	const char *ours = getenv(value);
	auto_free char *pair = ours ? text("%s=%s", value, ours) : NULL;
	if (pair)
		words_add(&wanted->env, pair);
	return 0;
}

static const struct option_row options[] = {
	SWITCH('i', "interactive", "Keep STDIN open", struct run_options,
	       config.interactive),
	SWITCH('t', "tty", "Allocate a pseudo-TTY", struct run_options,
	       config.terminal),
	SWITCH(0, "rm", "Remove the container when it exits",
	       struct run_options, config.remove),
	{ 0, "name", "NAME", "Assign a name to the container", take_name, 0 },
	{ 'h', "hostname", "NAME", "Container host name", take_hostname, 0 },
	{ 'm', "memory", "SIZE", "Memory limit: 64m, 1g", take_memory, 0 },
	{ 0, "cpus", "N", "Number of CPUs: 0.5, 2", take_cpus, 0 },
	{ 'v', "volume", "A:B[:ro]", "Bind mount A of the host at B",
	  take_volume, 0 },
	{ 'e', "env", "K=V", "Set an environment variable", take_env, 0 },
	{ 'p', "publish", "[IP:]H:C", "Publish port C at the host's port H",
	  take_publish, 0 },
	{ 0 },
};

/* ---- the image --------------------------------------------------------- */

/* Find it; the built-in one is made the first time it is asked for. */
static int
find_image(struct store *store, const char *name, struct image *image)
{
	if (store_find_image(store, name, image) == 0)
		return 0;
	if (failure.code != ENOENT)
		return -1;
	bool builtin = strcmp(name, "busybox") == 0 ||
		       strcmp(name, "busybox:latest") == 0;
	if (!builtin)
		return failx("Unable to find image '%s' locally: see ./demo "
			     "images, ./demo load and ./demo import", name);
	store_unlock(store);
	/* Standard output is the container's alone. */
	int made = verb_run_image_tool(
		(const char *const[]){ "builtin", "busybox", NULL },
		STDERR_FILENO);
	if (store_lock(store, LOCK_SH) < 0 || made < 0)
		return -1;
	if (made > 0)
		return failx("make the built-in image busybox");
	return store_find_image(store, name, image);
}

/* "PATH=/bin" of `pair` replaces an earlier PATH. */
static void
set_env(struct words *env, const char *pair)
{
	size_t length = strcspn(pair, "=") + 1;
	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], pair, length) != 0)
			continue;
		free(env->items[i]);
		env->items[i] = copy_text(pair);
		return;
	}
	words_add(env, pair);
}

/* Nothing of the host's environment gets in: image, then command line. */
static struct words
whole_env(const struct run_options *wanted, const struct image *image)
{
	struct words env = { 0 };
	words_add(&env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			"/usr/bin:/sbin:/bin");
	if (wanted->config.terminal)
		words_add(&env, "TERM=xterm");
	for (char **pair = image->env; *pair; pair++)
		set_env(&env, *pair);
	for (size_t i = 0; i < wanted->env.count; i++)
		set_env(&env, wanted->env.items[i]);
	return env;
}

/* Docker's rule: ENTRYPOINT, then what was typed, or CMD. */
static int
whole_argv(const struct image *image, char **typed, struct words *argv)
{
	for (char **word = image->entrypoint; *word; word++)
		words_add(argv, *word);
	for (char **word = *typed ? typed : image->cmd; *word; word++)
		words_add(argv, *word);
	if (argv->count == 0)
		return failx("no command specified: the image has none, so "
			     "write it after the image");
	return 0;
}

/* ---- running ----------------------------------------------------------- */

static int
up_and_watch(struct store *store, const struct config *config)
{
	struct container container;
	if (container_init(&container, verb_root(), config) < 0)
		return -EXIT_RUNTIME;
	int status = container_up(&container);
	/* From here on the record keeps the image from being removed. */
	store_unlock(store);
	if (status < 0)
		return status;
	auto_free char *warning = net_forward_warning(&container.network);
	if (warning)
		fprintf(stderr, "mydocker: warning: %s\n", warning);
	status = container_watch(&container);
	if (status < 0) {
		fprintf(stderr, "mydocker: %s\n", failure.text);
		status = EXIT_RUNTIME;
	}
	if (container.oom_killed)
		fprintf(stderr, "mydocker: the container ran out of memory "
				"(limit %llu bytes)\n",
			(unsigned long long)config->limits.memory);
	if (container_down(&container) < 0)
		fprintf(stderr, "mydocker: warning: %s\n", failure.text);
	return status;
}

static int
run_image(const struct verb *verb, struct run_options *wanted,
	  struct image *image, struct store *store, char **typed)
{
	struct config *config = &wanted->config;
	struct words argv = { 0 };
	if (whole_argv(image, typed, &argv) < 0)
		return verb_error(verb);
	struct words env = whole_env(wanted, image);
	config->image_id = image->id;
	config->layers = image->layers;
	config->cwd = image->workdir;
	config->user = image->user;
	config->argv = argv.items;
	config->env = env.items;
	int status = up_and_watch(store, config);
	words_free(&argv);
	words_free(&env);
	if (status >= 0)
		return status;
	verb_error(verb);
	return -status;
}

static int
find_and_run(const struct verb *verb, struct run_options *wanted,
	     char **words)
{
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	if (store_open(&store, verb_root()) < 0 ||
	    store_lock(&store, LOCK_SH) < 0 ||
	    find_image(&store, words[0], &image) < 0)
		return verb_error(verb);
	wanted->config.image = words[0];
	return run_image(verb, wanted, &image, &store, words + 1);
}

static void
free_options(struct run_options *wanted)
{
	struct config *config = &wanted->config;
	for (size_t i = 0; i < config->volume_count; i++) {
		free(config->volumes[i].source);
		free(config->volumes[i].target);
	}
	free(config->volumes);
	free(config->publish);
	free(config->name);
	free(config->hostname);
	words_free(&wanted->env);
}

/* What can be known to be wrong before anything is touched. */
static int
check(const struct config *config)
{
	if (config->terminal && config->interactive && !isatty(STDIN_FILENO))
		return failx("the input device is not a TTY (leave out -t to "
			     "feed it from a pipe or a file)");
	return steps_check_names();
}

static int
run_run(const struct verb *verb, int argc, char **argv)
{
	struct run_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first >= 0) {
		if (check(&wanted.config) < 0)
			status = verb_error(verb);
		else if ((status = verb_settle(verb)) == 0)
			status = find_and_run(verb, &wanted, argv + first);
	}
	free_options(&wanted);
	return status;
}

const struct verb verb_run = {
	.name = "run",
	.arguments = "IMAGE [COMMAND] [ARG...]",
	.shows = "Create and run a container from an image",
	.options = options,
	.failure_status = EXIT_RUNTIME,
	.run = run_run,
};
