/* runc_exec.c - parent.  `exec`: another process in a running container. */
#include "runc.h"

#include <stdlib.h>
#include <string.h>

#include "runc_log.h"
#include "runc_values.h"

/* Words that end with NULL. */
struct list {
	const char **words;
	size_t count;
};

struct wanted {
	struct exec_options exec;
	struct list env, caps, cgroups;
	uint32_t *gids;
};

static void
append(struct list *list, const char *word)
{
	list->words = resize_bytes(list->words, (list->count + 2) *
							sizeof(*list->words));
	list->words[list->count++] = word;
	list->words[list->count] = NULL;
}

/* ---- values ------------------------------------------------------------- */

/* Options of which the core says what is wrong with their values. */
#define TAKE(member)                                                          \
	static int                                                            \
	take_##member(void *data, const char *value)                          \
	{                                                                     \
		((struct wanted *)data)->exec.member = value;                 \
		return *value ? 0 : failx("it is empty");                     \
	}
TAKE(process_file)
TAKE(cwd)
TAKE(user)
TAKE(apparmor)
TAKE(selinux_label)
TAKE(console_socket)
TAKE(pid_file)
TAKE(pidfd_socket)

static int
take_env(void *data, const char *value)
{
	if (!strchr(value, '=') || *value == '=')
		return failx("it is not NAME=VALUE");
	append(&((struct wanted *)data)->env, value);
	return 0;
}

static int
take_cap(void *data, const char *value)
{
	append(&((struct wanted *)data)->caps, value);
	return 0;
}

static int
take_cgroup(void *data, const char *value)
{
	append(&((struct wanted *)data)->cgroups, value);
	return *value ? 0 : failx("it is empty");
}

/* "10", "10,20"; and the option may come again. */
static int
take_gids(void *data, const char *value)
{
	struct wanted *wanted = data;
	auto_free char *copy = copy_text(value);
	char *rest = copy, *word;
	while ((word = strsep(&rest, ","))) {
		uint64_t gid;
		if (parse_number(word, 0, UINT32_MAX - 1, &gid) < 0)
			return failx("they are numbers");
		wanted->gids = resize_bytes(wanted->gids,
					    (wanted->exec.gid_count + 1) *
						    sizeof(*wanted->gids));
		wanted->gids[wanted->exec.gid_count++] = gid;
	}
	return 0;
}

static int
take_preserve_fds(void *data, const char *value)
{
	return parse_fd_count(value,
			      &((struct wanted *)data)->exec.preserve_fds);
}

static const struct option_row rows[] = {
	{ 'p', "process", "FILE", "A config.json's \"process\": what to run",
	  take_process_file, 0 },
	SWITCH('t', "tty", "Give it a terminal", struct wanted, exec.tty),
	SWITCH('d', "detach", "Do not wait for its end", struct wanted,
	       exec.detach),
	{ 0, "pid-file", "FILE", "Write the process id to it", take_pid_file,
	  0 },
	{ 0, "pidfd-socket", "SOCKET", "Send a pidfd of it there",
	  take_pidfd_socket, 0 },
	{ 0, "console-socket", "SOCKET", "Send the terminal's master there",
	  take_console_socket, 0 },
	{ 0, "cwd", "DIR", "Working directory in the container", take_cwd, 0 },
	{ 'e', "env", "K=V", "Add to the environment", take_env, 0 },
	{ 'u', "user", "UID[:GID]", "As whom", take_user, 0 },
	{ 'g', "additional-gids", "GID", "Supplementary groups",
	  take_gids, 0 },
	{ 'c', "cap", "CAP_NAME", "Add a capability", take_cap, 0 },
	{ 0, "apparmor", "PROFILE", "Under this AppArmor profile",
	  take_apparmor, 0 },
	{ 0, "process-label", "LABEL", "With this SELinux label",
	  take_selinux_label, 0 },
	SWITCH(0, "no-new-privs", "Set-uid programs give it nothing",
	       struct wanted, exec.no_new_privs),
	{ 0, "cgroup", "[CTRL:]PATH", "In this cgroup below the container's",
	  take_cgroup, 0 },
	{ 0, "preserve-fds", "N", "So many descriptors from 3 on are its own",
	  take_preserve_fds, 0 },
	SWITCH(0, "ignore-paused", "In a paused container, too: it will wait",
	       struct wanted, exec.ignore_paused),
	{ 0 },
};

/* ---- the verb ----------------------------------------------------------- */

static int
complete(const struct runc *runc, struct wanted *wanted, char **words)
{
	struct exec_options *exec = &wanted->exec;
	if (exec->process_file && words[1])
		return failx("--process says what to run: there can be no "
			     "command besides");
	if (!exec->process_file && !words[1])
		return failx("\"exec\" requires a command, or --process");
	exec->root = runc->root;
	exec->id = words[0];
	exec->argv = words + 1;
	exec->env = wanted->env.words;
	exec->caps = wanted->caps.words;
	exec->cgroups = wanted->cgroups.words;
	exec->gids = wanted->gids;
	if (find_listen_fds(&exec->listen_fds) < 0)
		return -1;
	exec->preserve_fds += exec->listen_fds;
	return 0;
}

static int
run(const struct runc *runc, void *data, char **words)
{
	struct wanted *wanted = data;
	int status = complete(runc, wanted, words);
	if (status == 0 && (status = runtime_exec(&wanted->exec)) < 0) {
		status = runtime_exit_status();
		runc_log_failure();
	}
	return status;
}

static void
release(void *data)
{
	struct wanted *wanted = data;
	free(wanted->env.words);
	free(wanted->caps.words);
	free(wanted->cgroups.words);
	free(wanted->gids);
}

const struct runc_verb runc_exec = {
	.name = "exec",
	.arguments = "ID COMMAND [ARG...]",
	.shows = "run another process in a running container",
	.more = "With --process the command is in the file, and COMMAND is "
		"left out.  The exit\nstatus is that of the process, 128+n "
		"when signal n ended it.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = -1,
	.in_order = true,
	.starts = true,
	.run = run,
	.release = release,
};
