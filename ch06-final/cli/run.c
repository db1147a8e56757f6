/* run.c - parent.  `run`: a container from an image, until it ends. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "run_options.h"
#include "store.h"
#include "words.h"

/* ---- the image --------------------------------------------------------- */

/* A hint, where another driver's store is there, too. */
static const char *
other_images(void)
{
	bool is_aufs = verb_driver() == STORAGE_AUFS;
	auto_free char *other = text("%s/%s", verb_root(),
				     is_aufs ? "layers" : "aufs");
	if (access(other, F_OK) < 0)
		return "";
	return is_aufs ? " for aufs (overlay has images of its own)" :
			 " for overlay (aufs has images of its own)";
}

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
		return failx("Unable to find image '%s' locally%s: see ./demo "
			     "images, ./demo load and ./demo import", name,
			     other_images());
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

/* Docker's rule: ENTRYPOINT, then what was typed, or CMD; which belongs to
 * the image's ENTRYPOINT, not to another. */
static int
whole_argv(const char *entrypoint, const struct image *image, char **typed,
	   struct words *argv)
{
	if (entrypoint && *entrypoint)
		words_add(argv, entrypoint);
	for (char **word = image->entrypoint; !entrypoint && *word; word++)
		words_add(argv, *word);
	char **rest = *typed || entrypoint ? typed : image->cmd;
	for (; *rest; rest++)
		words_add(argv, *rest);
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
	auto_free char *warning =
		config->loopback_only ?
			NULL :
			net_forward_warning(&container.network);
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
	if (whole_argv(wanted->entrypoint, image, typed, &argv) < 0)
		return verb_error(verb);
	struct words env = whole_env(wanted, image);
	config->image_id = image->id;
	config->layers = image->layers;
	config->driver = store->driver;
	config->cwd = wanted->workdir ? wanted->workdir : image->workdir;
	config->user = wanted->user ? wanted->user : image->user;
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
	if (verb_open_store(&store) < 0 ||
	    store_lock(&store, LOCK_SH) < 0 ||
	    find_image(&store, words[0], &image) < 0)
		return verb_error(verb);
	wanted->config.image = words[0];
	return run_image(verb, wanted, &image, &store, words + 1);
}

static int
run_run(const struct verb *verb, int argc, char **argv)
{
	struct run_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first >= 0) {
		if (run_options_check(&wanted) < 0)
			status = verb_error(verb);
		else if ((status = verb_settle(verb)) == 0)
			status = find_and_run(verb, &wanted, argv + first);
	}
	run_options_free(&wanted);
	return status;
}

const struct verb verb_run = {
	.name = "run",
	.arguments = "IMAGE [COMMAND] [ARG...]",
	.shows = "Create and run a container from an image",
	.options = run_option_rows,
	.failure_status = EXIT_RUNTIME,
	.run = run_run,
};
