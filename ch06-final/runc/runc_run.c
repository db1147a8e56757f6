/* runc_run.c - parent.  `create` and `run`: a container made of a bundle. */
#include "runc.h"

#include "runc_log.h"
#include "runc_values.h"

struct wanted {
	struct run_options run;
	bool no_subreaper; /* we never were one */
};

static int
take_bundle(void *data, const char *value)
{
	((struct wanted *)data)->run.create.bundle = value;
	return *value ? 0 : failx("it is a directory");
}

static int
take_console_socket(void *data, const char *value)
{
	((struct wanted *)data)->run.create.console_socket = value;
	return *value ? 0 : failx("it is a socket");
}

static int
take_pid_file(void *data, const char *value)
{
	((struct wanted *)data)->run.create.pid_file = *value ? value : NULL;
	return 0;
}

static int
take_pidfd_socket(void *data, const char *value)
{
	((struct wanted *)data)->run.create.pidfd_socket = value;
	return *value ? 0 : failx("it is a socket");
}

static int
take_preserve_fds(void *data, const char *value)
{
	return parse_fd_count(
		value, &((struct wanted *)data)->run.create.preserve_fds);
}

/* The rows of `run`, and behind its own those that `create` has, too. */
#define OF_RUN_ALONE 3
static const struct option_row rows[] = {
	SWITCH('d', "detach", "Do not wait for its end", struct wanted,
	       run.detach),
	SWITCH(0, "keep", "Do not delete it after its end", struct wanted,
	       run.keep),
	SWITCH(0, "no-subreaper", "As it is always", struct wanted,
	       no_subreaper),
	{ 'b', "bundle", "DIR", "The bundle (default: here)", take_bundle, 0 },
	{ 0, "console-socket", "SOCKET", "Send the terminal's master there",
	  take_console_socket, 0 },
	{ 0, "pid-file", "FILE", "Write the process id to it", take_pid_file,
	  0 },
	{ 0, "pidfd-socket", "SOCKET", "Send a pidfd of its process there",
	  take_pidfd_socket, 0 },
	SWITCH(0, "no-pivot", "No pivot_root: for a root on an initramfs",
	       struct wanted, run.create.no_pivot),
	SWITCH(0, "no-new-keyring", "Keep the session keyring of the caller",
	       struct wanted, run.create.no_new_keyring),
	{ 0, "preserve-fds", "N", "So many descriptors from 3 on are its own",
	  take_preserve_fds, 0 },
	{ 0 },
};

static int
complete(const struct runc *runc, struct create_options *create,
	 const char *id)
{
	create->root = runc->root;
	create->id = id;
	create->systemd_cgroup = runc->systemd_cgroup;
	if (!create->bundle)
		create->bundle = ".";
	/* systemd's come first; --preserve-fds counts what comes after. */
	if (find_listen_fds(&create->listen_fds) < 0)
		return -1;
	create->preserve_fds += create->listen_fds;
	return 0;
}

static int
run_create(const struct runc *runc, void *data, char **words)
{
	struct create_options *create = &((struct wanted *)data)->run.create;
	if (complete(runc, create, words[0]) < 0)
		return -1;
	return runtime_create(create);
}

static int
run_run(const struct runc *runc, void *data, char **words)
{
	struct run_options *run = &((struct wanted *)data)->run;
	if (complete(runc, &run->create, words[0]) < 0)
		return -1;
	int status = runtime_run(run);
	if (status >= 0)
		return status;
	status = runtime_exit_status();
	runc_log_failure();
	return status;
}

const struct runc_verb runc_create = {
	.name = "create",
	.arguments = "ID",
	.shows = "make a container; its program waits for `start`",
	.more = "The container is made of the bundle's config.json and named "
		"ID.\n",
	.options = rows + OF_RUN_ALONE,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 1,
	.starts = true,
	.run = run_create,
};

const struct runc_verb runc_run = {
	.name = "run",
	.arguments = "ID",
	.shows = "create, start, wait for its end, delete",
	.more = "Signals that come meanwhile are the container's, and its exit "
		"status is ours.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 1,
	.starts = true,
	.run = run_run,
};
