/* exec.c - parent.  `exec`: another program in a running container. */
#include "exec_in.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env_file.h"
#include "verbs.h"

#define W struct exec_wanted
static const struct option_row options[] = {
	SWITCH('d', "detach", "Detached mode: run command in the background",
	       W, detach),
	MEMBER(0, "detach-keys", "string", "The keys that detach from it",
	       option_take_text, W, detach_keys),
	MEMBER('e', "env", "list", "Set environment variables",
	       option_take_word, W, env),
	MEMBER(0, "env-file", "list", "Read in a file of environment variables",
	       option_take_word, W, env_files),
	SWITCH('i', "interactive", "Keep STDIN open even if not attached", W,
	       interactive),
	SWITCH(0, "privileged", "Give extended privileges to the command", W,
	       privileged),
	SWITCH('t', "tty", "Allocate a pseudo-TTY", W, terminal),
	MEMBER('u', "user", "string", "Username or UID (USER[:GROUP])",
	       option_take_text, W, user),
	MEMBER('w', "workdir", "string", "Working directory inside",
	       option_take_text, W, workdir),
	{ 0 },
};

/* Files first; a "NAME" alone takes our own value, if there is one. */
static int
complete_env(struct exec_wanted *wanted)
{
	struct words all = { 0 }, pairs = { 0 };
	int result = 0;
	for (size_t i = 0; i < wanted->env_files.count && result == 0; i++)
		result = env_file_read(wanted->env_files.items[i], true, &all);
	for (size_t i = 0; i < wanted->env.count; i++)
		env_add(wanted->env.items[i], true, &all);
	for (size_t i = 0; i < all.count; i++)
		if (strchr(all.items[i], '='))
			words_add(&pairs, all.items[i]);
	words_free(&all);
	words_free(&wanted->env);
	wanted->env = pairs;
	return result;
}

static int
exec_word(const struct verb *verb, const char *word,
	  struct exec_wanted *wanted)
{
	auto_container struct container c;
	if (container_find(&c, verb_root(), word) < 0 ||
	    complete_env(wanted) < 0 ||
	    attach_keys_parse(wanted->detach_keys ?: "", &wanted->keys) < 0)
		return verb_error(verb);
	if (wanted->terminal && wanted->interactive && !wanted->detach &&
	    !isatty(STDIN_FILENO)) {
		failx("the input device is not a TTY");
		return verb_error(verb);
	}
	int status = exec_in(&c, wanted);
	if (status >= 0)
		return status;
	int ours = verb_error(verb);
	/* Of what runs behind our back the status is not asked for. */
	return wanted->detach ? ours : -status;
}

static int
run_exec(const struct verb *verb, int argc, char **argv)
{
	struct exec_wanted wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 2, -1, &status);
	if (first >= 0 && (status = verb_settle(verb)) == 0) {
		wanted.argv = argv + first + 1;
		status = exec_word(verb, argv[first], &wanted);
	}
	words_free(&wanted.env);
	words_free(&wanted.env_files);
	free(wanted.user);
	free(wanted.workdir);
	free(wanted.detach_keys);
	return status;
}

const struct verb verb_exec = {
	.name = "exec",
	.arguments = "CONTAINER COMMAND [ARG...]",
	.shows = "Execute a command in a running container",
	.options = options,
	.failure_status = 1,
	.run = run_exec,
	.takes_command = true,
	.starts = true,
};
