/* attach.c - parent.  `attach`: to what a running container says, and to its
 * input. */
#include "launching.h"
#include "tell.h"

#include <unistd.h>

struct attach_wanted {
	bool no_stdin, sig_proxy;
	char *detach_keys;
};

#define W struct attach_wanted
static const struct option_row options[] = {
	SWITCH(0, "no-stdin", "Do not attach STDIN", W, no_stdin),
	SWITCH(0, "sig-proxy", "Proxy all received signals (=false: none)", W,
	       sig_proxy),
	MEMBER(0, "detach-keys", "string", "The keys that detach from it",
	       option_take_text, W, detach_keys),
	{ 0 },
};

static int
check(const struct container *c, const struct settings *settings,
      const struct attach_wanted *wanted)
{
	if (c->record.status != STATUS_RUNNING &&
	    c->record.status != STATUS_RESTARTING)
		return failx("cannot attach to a stopped container, start it "
			     "first");
	if (c->record.status == STATUS_RESTARTING)
		return failx("cannot attach to a restarting container, wait "
			     "until it is running");
	if (container_is_paused(c->root, c->record.id))
		return failx("cannot attach to a paused container, unpause it "
			     "first");
	if (settings->terminal && settings->interactive && !wanted->no_stdin &&
	    !isatty(STDIN_FILENO))
		return failx("the input device is not a TTY");
	return 0;
}

static int
connect_to(const struct verb *verb, const char *word,
	   const struct attach_wanted *wanted)
{
	auto_container struct container c;
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	if (container_find(&c, verb_root(), word) < 0 ||
	    settings_load(c.dir, &settings) < 0 ||
	    check(&c, &settings, wanted) < 0)
		return verb_error(verb);
	struct attach_options attach = {
		.input = settings.interactive && !wanted->no_stdin,
		.output = true,
		.errors = true,
		.proxy_signals = wanted->sig_proxy,
	};
	auto_close int sock =
		attach_keys_parse(wanted->detach_keys ?: "", &attach.keys) < 0 ?
			-1 :
			attach_connect(c.dir, &attach);
	if (sock < 0)
		return verb_error(verb);
	container_tell(c.dir, &c.record, NULL, "attach", NULL);
	int status;
	enum attach_result result = attach_run(sock, &attach, &status);
	if (result == ATTACH_EXITED)
		return status;
	/* For `run` and `start` that is success. */
	if (result == ATTACH_DETACHED)
		failx("read escape sequence");
	int ours = verb_error(verb);
	return result == ATTACH_DETACHED ? ours : status;
}

static int
run_attach(const struct verb *verb, int argc, char **argv)
{
	struct attach_wanted wanted = { .sig_proxy = true };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	return connect_to(verb, argv[first], &wanted);
}

const struct verb verb_attach = {
	.name = "attach",
	.arguments = "CONTAINER",
	.shows = "Attach to a running container's input, output and errors",
	.options = options,
	.failure_status = 1,
	.run = run_attach,
};
