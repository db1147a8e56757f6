/* run.c - parent.  `run`: a container from an image, until it ends. */
#include "verbs.h"

#include <string.h>
#include <unistd.h>

#include "launching.h"
#include "find_image.h"
#include "new_container.h"
#include "outside.h"
#include "tell.h"

static int
check_streams(const struct run_wanted *wanted)
{
	const struct settings *settings = &wanted->settings;
	if (wanted->detach && wanted->attach.count)
		return failx("conflicting options: cannot specify both "
			     "--attach and --detach");
	if (settings->terminal && settings->attach_stdin &&
	    !isatty(STDIN_FILENO))
		return failx("the input device is not a TTY (leave out -t to "
			     "feed it from a pipe or a file)");
	return 0;
}

/* The first of its networks, as far as the host forwards for it. */
static int
open_network(const struct settings *settings, struct net_network *network)
{
	auto_network_record struct network_record record = { 0 };
	const char *name = settings_network(settings);
	auto_close int networks = networks_open(verb_root(), 0);
	if (!attachments_has_any(settings) || networks < 0 ||
	    network_find_wanted(networks, name, &record) < 0)
		return -1;
	return strcmp(record.driver, "bridge") != 0 || record.internal ?
		       -1 : network_open(&record, network);
}

static void
warn_of_firewall(const struct settings *settings)
{
	auto_network struct net_network network = { 0 };
	struct failure kept = failure;
	int opened = open_network(settings, &network);
	failure = kept;
	if (opened < 0)
		return;
	auto_free char *warning =
		outside_warning() ?: net_forward_warning(&network);
	if (warning)
		fprintf(stderr, "mydocker: warning: %s\n", warning);
}

static int
run_created(const struct verb *verb, struct container *c,
	    const struct run_wanted *wanted, const struct attach_keys *keys)
{
	const struct settings *settings = &wanted->settings;
	struct attach_options attach = {
		.input = settings->attach_stdin && settings->interactive,
		.output = settings->attach_stdout,
		.errors = settings->attach_stderr,
		.proxy_signals = wanted->sig_proxy,
		.keys = *keys,
	};
	bool hears = attach.output || attach.errors;
	bool is_attached = hears || attach.input;
	auto_close int sock = -1;
	if (is_attached)
		container_tell(c->dir, &c->record, NULL, "attach", NULL);
	int status = container_launch(c, is_attached ? &attach : NULL, &sock);
	if (!hears)
		printf("%s\n", c->record.id);
	if (status < 0) {
		verb_error(verb);
		if (settings->remove && container_remove(c) < 0)
			verb_error(verb);
		return -status;
	}
	warn_of_firewall(settings);
	return is_attached ? launch_follow(verb, sock, &attach) : 0;
}

static int
run_run(const struct verb *verb, int argc, char **argv)
{
	struct run_wanted wanted = RUN_WANTED;
	struct attach_keys keys;
	auto_container struct container c;
	int status;
	container_init(&c, verb_root(), NULL);
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first >= 0) {
		if (run_options_check(&wanted) < 0 ||
		    attach_keys_parse(wanted.detach_keys ?: "", &keys) < 0)
			status = verb_error(verb);
		else if (check_streams(&wanted) < 0)
			status = (verb_error(verb), 1); /* as Docker's */
		else if ((status = fetch_image(verb, &wanted,
					       argv[first])) == 0 &&
			 (status = verb_settle(verb)) == 0)
			status = new_container(&c, &wanted, argv + first) < 0 ?
					 verb_error(verb) :
					 run_created(verb, &c, &wanted, &keys);
	}
	run_options_free(&wanted);
	return status;
}

const struct verb verb_run = {
	.name = "run",
	.arguments = "IMAGE [COMMAND] [ARG...]",
	.shows = "Create and run a new container from an image",
	.options = run_option_rows,
	.everyday = run_everyday,
	.failure_status = EXIT_RUNTIME,
	.run = run_run,
	.takes_command = true,
	.fetches = true,
	.starts = true,
};
