/* hooks.c - parent, and child where the hook is the container's.  See
 * hooks.h. */
#include "hooks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys.h"

/* A file in memory with this content, to be read from its beginning: unlike a
 * pipe it takes any length, and nobody has to stand by and fill it. */
static int
file_of(const char *content)
{
	size_t length = strlen(content);
	auto_close int fd = memfd_create("hook", MFD_CLOEXEC);
	if (fd < 0 || write(fd, content, length) != (ssize_t)length ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return fail("write down what a hook is told");
	return take_fd(&fd);
}

_Noreturn static void
become_hook(const struct oci_hook *hook, int input, int errors)
{
	static const char *const nothing[] = { NULL };
	const char *const own_name[] = { hook->path, NULL };
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) >= 0 &&
	    dup2(null < 0 ? errors : null, STDOUT_FILENO) >= 0 &&
	    dup2(errors, STDERR_FILENO) >= 0)
		sys_execve(hook->path,
			   (char *const *)(hook->args ? hook->args : own_name),
			   (char *const *)(hook->env ? hook->env : nothing));
	dprintf(errors, "%s", strerror(errno));
	_exit(127);
}

/* Its exit status as of waitpid(2); killed when it takes too long. */
static int
wait_for(pid_t pid, int pidfd, const struct oci_hook *hook, bool *late)
{
	struct pollfd ended = { pidfd, POLLIN, 0 };
	int timeout_ms = hook->timeout.set && hook->timeout.value < 2000000 ?
				 (int)hook->timeout.value * 1000 : -1;
	int polled;
	do
		polled = poll(&ended, 1, timeout_ms);
	while (polled < 0 && errno == EINTR);
	*late = polled == 0;
	if (*late)
		sys_pidfd_send_signal(pidfd, SIGKILL);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* The end of what it said, in one line. */
static void
last_words(int errors, char *words, size_t size)
{
	off_t length = lseek(errors, 0, SEEK_END);
	off_t from = length < (off_t)size ? 0 : length - (off_t)size + 1;
	ssize_t got = pread(errors, words, size - 1, from);
	words[got > 0 ? got : 0] = '\0';
	for (char *at = words + strlen(words);
	     at > words && (at[-1] == '\n' || at[-1] == ' '); at--)
		at[-1] = '\0';
}

static int
run_one(const struct oci_hook *hook, const char *state_json)
{
	auto_close int input = file_of(state_json);
	auto_close int errors = memfd_create("hook errors", MFD_CLOEXEC);
	if (input < 0 || errors < 0)
		return -1;
	auto_close int pidfd = -1;
	pid_t pid = sys_clone(0, -1, &pidfd);
	if (pid == 0)
		become_hook(hook, input, errors);
	if (pid < 0)
		return fail("run %s", hook->path);
	bool late;
	int status = wait_for(pid, pidfd, hook, &late);
	if (!late && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	char words[120];
	last_words(errors, words, sizeof(words));
	const char *colon = *words ? ": " : "";
	if (late)
		return failx("%s took longer than %lld s and was killed%s%s",
			     hook->path, (long long)hook->timeout.value, colon,
			     words);
	if (WIFSIGNALED(status))
		return failx("%s was killed by signal %d%s%s", hook->path,
			     WTERMSIG(status), colon, words);
	return failx("%s ended with status %d%s%s", hook->path,
		     WEXITSTATUS(status), colon, words);
}

static int
run_list(const struct oci_hooks *hooks, enum oci_hook_kind kind,
	 const char *state_json, bool go_on)
{
	const struct oci_hook_list *list = hooks ? &hooks->of[kind] : NULL;
	struct failure first = { 0 };
	for (size_t i = 0; list && i < list->count; i++) {
		if (run_one(&list->hooks[i], state_json) == 0)
			continue;
		wrap("hooks.%s[%zu]", oci_hook_names[kind], i);
		if (!first.text[0])
			first = failure;
		if (!go_on)
			break;
	}
	failure = first;
	return first.text[0] ? -1 : 0;
}

int
hooks_run(const struct oci_hooks *hooks, enum oci_hook_kind kind,
	  const char *state_json)
{
	return run_list(hooks, kind, state_json, false);
}

int
hooks_run_all(const struct oci_hooks *hooks, enum oci_hook_kind kind,
	      const char *state_json)
{
	return run_list(hooks, kind, state_json, true);
}
