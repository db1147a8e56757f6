/* runc_restore.c - parent.  `restore`: a container goes on that was saved. */
#include "runc.h"

#include "runc_criu.h"
#include "runc_log.h"

struct wanted {
	struct criu_options criu; /* first: see runc_criu.h */
	struct restore_options restore;
	bool no_subreaper; /* we never were one */
	bool no_pivot;	   /* the root is entered as criu does it */
};

static int
take_bundle(void *data, const char *value)
{
	((struct wanted *)data)->restore.run.create.bundle = value;
	return *value ? 0 : failx("it is a directory");
}

static int
take_console_socket(void *data, const char *value)
{
	struct create_options *create =
		&((struct wanted *)data)->restore.run.create;
	create->console_socket = *value ? value : NULL;
	return 0;
}

static int
take_pid_file(void *data, const char *value)
{
	struct create_options *create =
		&((struct wanted *)data)->restore.run.create;
	create->pid_file = *value ? value : NULL;
	return 0;
}

static int
take_lsm_profile(void *data, const char *value)
{
	((struct wanted *)data)->restore.lsm_profile = *value ? value : NULL;
	return 0;
}

static int
take_lsm_mount_context(void *data, const char *value)
{
	((struct wanted *)data)->restore.lsm_mount_context =
		*value ? value : NULL;
	return 0;
}

static const struct option_row rows[] = {
	SWITCH('d', "detach", "Do not wait for its end", struct wanted,
	       restore.run.detach),
	{ 'b', "bundle", "DIR", "The bundle (default: here)", take_bundle, 0 },
	{ 0, "console-socket", "SOCKET", "Send the terminal's master there",
	  take_console_socket, 0 },
	{ 0, "pid-file", "FILE", "Write the process id to it", take_pid_file,
	  0 },
	SWITCH(0, "no-subreaper", "As it is always", struct wanted,
	       no_subreaper),
	SWITCH(0, "no-pivot", "Makes no difference: criu enters the root",
	       struct wanted, no_pivot),
	{ 0, "lsm-profile", "TYPE:LABEL", "Another label, by apparmor or "
	  "selinux", take_lsm_profile, 0 },
	{ 0, "lsm-mount-context", "CONTEXT", "Another one where mounts have "
	  "one", take_lsm_mount_context, 0 },
	CRIU_ROWS,
	{ 0 },
};

static int
run(const struct runc *runc, void *data, char **words)
{
	struct wanted *wanted = data;
	struct restore_options *restore = &wanted->restore;
	struct create_options *create = &restore->run.create;
	runc_criu_complete(runc, &wanted->criu);
	restore->criu = wanted->criu;
	create->root = runc->root;
	create->id = words[0];
	create->systemd_cgroup = runc->systemd_cgroup;
	if (!create->bundle)
		create->bundle = ".";
	return runtime_restore(restore);
}

const struct runc_verb runc_restore = {
	.name = "restore",
	.arguments = "ID",
	.shows = "go on with a container that was saved",
	.more = "A container named ID is made of the bundle, and its processes "
		"of the files that\n`checkpoint` wrote.  Its exit status is "
		"ours.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 1,
	.run = run,
};
