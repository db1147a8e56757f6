/* stop.c - parent.  See stop.h. */
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "core.h"
#include "runtime.h"
#include "signals.h"
#include "sys.h"
#include "tell.h"

#define USUAL_TIMEOUT_S 10

static int
choose(const struct container *c, const struct stop_options *options,
       int *signal, int64_t *timeout_s)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	if (settings_load(c->dir, &settings) < 0)
		return -1;
	const char *name = options->signal ?: settings.stop_signal ?: "TERM";
	*timeout_s = USUAL_TIMEOUT_S;
	if (settings.stop_timeout_s != SETTINGS_UNSET)
		*timeout_s = settings.stop_timeout_s;
	if (options->timeout_s != STOP_UNSET)
		*timeout_s = options->timeout_s;
	return signal_parse(name, signal);
}

/* Whoever is frozen takes no signal. */
static void
thaw(const struct container *c)
{
	auto_free char *root = core_root(c->root);
	if (container_is_paused(c->root, c->record.id))
		runtime_resume(root, c->record.id);
}

/* True when it has ended. */
static bool
wait_for_end(int pidfd, int64_t timeout_s)
{
	struct pollfd ended = { pidfd, POLLIN, 0 };
	int ms = timeout_s < 0 || timeout_s > INT32_MAX / 1000 ?
			 -1 :
			 (int)timeout_s * 1000;
	int result;
	do
		result = poll(&ended, 1, ms);
	while (result < 0 && errno == EINTR);
	return result > 0;
}

static void
tell_kill(const struct container *c, int number)
{
	auto_free char *word = text("%d", number);
	container_tell(c->dir, &c->record, NULL, "kill",
		       (const char *const[]){ "signal", word, NULL });
}

int
container_stop(struct container *c, const struct stop_options *options)
{
	int signal, ours = container_claim(c);
	int64_t timeout_s;
	if (ours != 0)
		return ours < 0 ? -1 : 0;
	if (choose(c, options, &signal, &timeout_s) < 0)
		return -1;
	auto_close int pidfd = container_pidfd(c);
	/* First that nobody starts it again; then, that it ends. */
	bool is_told = attach_stop(c->dir, 0) == 0;
	if (!is_told && !attach_is_gone())
		return -1;
	if (is_told && pidfd >= 0) {
		sys_pidfd_send_signal(pidfd, signal);
		tell_kill(c, signal);
		thaw(c);
		if (!wait_for_end(pidfd, timeout_s))
			tell_kill(c, SIGKILL);
	}
	if (container_kill(c) < 0 || container_mend(c) < 0)
		return -1;
	container_tell(c->dir, &c->record, NULL, "stop", NULL);
	return 0;
}

int
container_signal(struct container *c, const char *word, int number)
{
	auto_close int pidfd = container_pidfd(c);
	if (pidfd < 0)
		return failx("cannot kill container: %s: container %s is not "
			     "running", word, c->record.id);
	/* Who kills it does not want it back. */
	int noted = number == SIGKILL ? container_note_stopped(c) : 0;
	struct failure why = failure;
	if (number == SIGKILL && attach_stop(c->dir, 0) < 0 &&
	    !attach_is_gone())
		return -1;
	if (sys_pidfd_send_signal(pidfd, number) < 0)
		return fail("cannot kill container: %s", word);
	if (number == SIGKILL)
		thaw(c);
	tell_kill(c, number);
	failure = why;
	return noted;
}

/* ---- when the machine starts --------------------------------------------- */

#define STOPPED_FILE "stopped"

int
container_note_stopped(const struct container *c)
{
	/* What the monitor puts down of the end is synced, and comes later. */
	auto_close int fd = openat(c->dir, STOPPED_FILE,
				   O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && errno != ENOENT) /* with --rm it is gone */
		return fail("put on record that container %.12s was stopped",
			    c->record.id);
	return 0;
}

void
container_forget_stopped(const struct container *c)
{
	unlinkat(c->dir, STOPPED_FILE, 0);
}

bool
container_is_due_at_boot(const struct container *c,
			 const struct settings *settings)
{
	if (c->record.started_ns == 0)
		return false;
	switch (container_restart_policy(settings).when) {
	case RESTART_ALWAYS:
		return true;
	case RESTART_UNLESS_STOPPED:
		return faccessat(c->dir, STOPPED_FILE, F_OK, 0) < 0;
	case RESTART_NO:
	case RESTART_ON_FAILURE:
		break;
	}
	return false;
}
