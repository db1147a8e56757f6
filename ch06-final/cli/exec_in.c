/* exec_in.c - parent.  See exec_in.h. */
#include "exec_in.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "exec.h"
#include "exec_keep.h"
#include "idmap.h"
#include "keep_id.h"
#include "oci_process.h"
#include "rootless.h"
#include "runtime.h"
#include "user.h"

enum { DYING_MS = 5000, FROZEN_MS = 1000 }; /* how long that may take */

static int
check_running(const struct container *c)
{
	auto_close int pidfd = container_pidfd(c);
	if (pidfd < 0)
		return failx("container %s is not running", c->record.id);
	if (container_is_paused(c->root, c->record.id))
		return failx("Container %s is paused, unpause the container "
			     "before exec", c->record.name);
	return 0;
}

/* ---- whose rights ------------------------------------------------------- */

/* With --group-add's, and none that the container's own user has.  And is there
 * such a user? */
static int
add_groups(const struct settings *settings, int root, struct user *user)
{
	for (size_t i = 0; i < settings->groups.count; i++)
		if (user_add_group(root, settings->groups.items[i], user) < 0)
			return -1;
	auto_free char *own = text("%u", user->gid); /* as bundle.c has it */
	if (user_add_group(root, own, user) < 0)
		return -1;
	return keep_id_is_wanted(settings) ?
		       0 : rootless_check_ids(user->uid, user->gid);
}

/* As its own files have it; the root is reached through its process 1, and was
 * no other process's if that is still there when we have it. */
static int
find_user(const struct container *c, const char *spec,
	  const struct settings *settings, struct user *user)
{
	auto_state struct state state = { 0 };
	auto_free char *place = core_root(c->root);
	enum oci_status status;
	if (runtime_look(place, c->record.id, &state, NULL, &status) < 0)
		return failx("container %s is not running", c->record.id);
	auto_free char *path = text("/proc/%d/root", state.pid);
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int pidfd = root < 0 ? -1 : state_pidfd(&state);
	if (pidfd < 0)
		return failx("container %s is not running", c->record.id);
	return user_resolve(root, spec, user) < 0 ? -1 :
						    add_groups(settings, root,
							       user);
}

/* What -e says, or the image, stays. */
static void
add_unless_said(struct words *env, const struct settings *settings,
		const char *name, const char *value)
{
	auto_free char *word = text("%s=%s", name, value);
	if ((!env->count || !exec_getenv(env->items, name)) &&
	    (!settings->env.count || !exec_getenv(settings->env.items, name)))
		words_add(env, word);
}

/* --privileged: all that there are. */
static void
add_capabilities(struct words *caps)
{
	for (const struct oci_word *word = oci_capability_names; word->name;
	     word++)
		words_add(caps, word->name);
}

static int
run(const struct container *c, const struct exec_wanted *wanted,
    void (*let_go)(void *data), void *data)
{
	struct user user = { 0 };
	struct words caps = { 0 }, env = { 0 };
	struct attach_keys keys = wanted->keys;
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	auto_free char *root = core_root(c->root);
	auto_free char *ids = NULL;
	struct exec_options options = {
		.root = root,
		.id = c->record.id,
		.argv = wanted->argv,
		.cwd = wanted->workdir,
		.tty = wanted->terminal,
		.tied = wanted->tied,
		.no_input = !wanted->interactive,
		.is_let_go = wanted->detach,
		.keys = &keys,
		.let_go = let_go,
		.data = data,
	};
	if (settings_load(c->dir, &settings) < 0)
		return -1;
	for (size_t i = 0; i < wanted->env.count; i++)
		words_add(&env, wanted->env.items[i]);
	if (wanted->terminal)
		add_unless_said(&env, &settings, "TERM", "xterm");
	if (wanted->user) {
		if (find_user(c, wanted->user, &settings, &user) < 0)
			return -1;
		ids = text("%u:%u", user.uid, user.gid);
		options.user = ids;
		options.gids = user.groups;
		/* Whoever has one id may set no groups. */
		options.gid_count = idmap_is_alone() ? 0 : user.group_count;
		options.gids_alone = true;
		add_unless_said(&env, &settings, "HOME", user.home);
	}
	if (wanted->privileged)
		add_capabilities(&caps);
	options.env = (const char *const *)env.items;
	options.caps = (const char *const *)caps.items;
	int status = runtime_exec(&options);
	words_free(&caps);
	words_free(&env);
	free(user.home);
	return status;
}

static int
run_to_end(const struct container *c, const struct exec_wanted *wanted,
	   void (*let_go)(void *data), void *data)
{
	int status = run(c, wanted, let_go, data);
	if (status >= 0)
		return status;
	int code = runtime_exit_status();
	return code == 1 ? -126 : -code;
}

/* ---- who asked for it ---------------------------------------------------- */

/*
 * What was joining it may have been killed along with it, or have found it
 * frozen by who kills it.  Its process 1 then ends at once: but not before who
 * joined it has been waited for.
 */
static bool
has_ended(int pidfd)
{
	struct pollfd ended = { pidfd, POLLIN, 0 };
	bool is_lost = failure.code == EPIPE ||
		       strstr(failure.text, "died without a word");
	int wait_ms = is_lost ? DYING_MS :
		      strstr(failure.text, "is paused") ? FROZEN_MS : 0;
	return pidfd < 0 || poll(&ended, 1, wait_ms) == 1;
}

static int
run_kept(const struct exec_keep *keep, void (*let_go)(void *keeping),
	 void *keeping)
{
	return run_to_end(keep->c, keep->data, let_go, keeping);
}

int
exec_in(struct container *c, const struct exec_wanted *wanted)
{
	auto_close int first = container_pidfd(c);
	if (check_running(c) < 0)
		return has_ended(first) ?
			       failx("container %s is not running",
				     c->record.id) : -1;
	int status = exec_keep(&(struct exec_keep){
		.c = c,
		.terminal = wanted->terminal,
		.interactive = wanted->interactive,
		.detach = wanted->detach,
		.argv = wanted->argv,
		.run = run_kept,
		.data = wanted,
	});
	if (status == EXEC_DETACHED)
		return failx("read escape sequence"), -1;
	if (status < 0 && has_ended(first))
		return failx("container %s is not running", c->record.id), -1;
	return status;
}

/* ---- health checks ------------------------------------------------------ */

int
exec_probe(struct container *c, const struct settings *settings)
{
	const struct words *test = &settings->health.test;
	char *shell[] = { "/bin/sh", "-c", NULL, NULL };
	bool is_shell = test->count > 1 &&
			strcmp(test->items[0], "CMD-SHELL") == 0;
	if (test->count < 2)
		return failx("there is no health check"), -EXIT_RUNTIME;
	if (is_shell)
		shell[2] = test->items[1];
	const struct exec_wanted wanted = {
		.argv = is_shell ? shell : test->items + 1,
		.tied = true,
	};
	if (check_running(c) < 0)
		return -EXIT_RUNTIME;
	return run_to_end(c, &wanted, NULL, NULL);
}
