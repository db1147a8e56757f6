/*
 * child.c - child: what becomes a container's first process.
 *
 * Its half of setting a container up, as one table, read downwards.  There is
 * nothing to undo: namespaces and mounts go with this process.  Until `pivot`
 * it sees the host's files, from then on only its own.
 */
#include "making.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices.h"
#include "exec.h"
#include "hooks.h"
#include "mountfd.h"
#include "process.h"
#include "rootfs.h"
#include "self.h"
#include "session.h"
#include "nsclone.h"
#include "sync.h"
#include "sysctl.h"
#include "sys.h"
#include "terminal.h"

#define SELF_OFFSETS "self/timens_offsets"
#define SELF_NEXT_TIME "self/ns/time_for_children"

/* What the payload is, once found: of the container's, from `pivot` on. */
static char *program;
static char **environment;

/* The directory that becomes "/", from `root` to `pivot`. */
static int root = -1;

static const struct oci_namespace *
namespace(const struct making *making, const char *kind)
{
	return oci_namespace_find(making->config.kernel, kind);
}

static bool
is_new(const struct making *making, const char *kind)
{
	const struct oci_namespace *found = namespace(making, kind);
	return found && !found->path;
}

/* ---- namespaces: while the parent makes the cgroup ----------------------- */

static int
namespaces_up(struct making *making)
{
	return nsclone_unshare(making->config.kernel);
}

static int
session_up(struct making *making)
{
	return session_begin(making->options->preserve_fds);
}

/* ---- cgroup: in it before anything can be used up ------------------------ */

/* Where systemd has made it we are there already. */
static int
enter_cgroup(struct making *making)
{
	struct cgroup *cgroup = &making->cgroup;
	return making->state.systemd ?
		       cgroup_open(cgroup, making->state.cgroup) :
		       cgroup_join_rest(cgroup);
}

static int
join_up(struct making *making)
{
	bool has_one = making->state.systemd || making->cgroup.count > 0;
	if (has_one && (sync_expect(making->sync, SYNC_GO, "the runtime") < 0 ||
			enter_cgroup(making) < 0))
		return -1;
	/* Only now: the root of a cgroup namespace is where its maker is. */
	if (is_new(making, "cgroup") && !is_new(making, "user") &&
	    sys_unshare(CLONE_NEWCGROUP) < 0)
		return fail("make a cgroup namespace");
	return 0;
}

/* ---- clock: offsets are set while nobody is in the namespace ------------- */

/* Before we become another user: from then on files of /proc/self are not
 * ours. */
static int
clock_up(struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	if (!is_new(making, "time"))
		return 0;
	if (sys_unshare(CLONE_NEWTIME) < 0)
		return fail("make a time namespace");
	for (size_t i = 0; i < kernel->time_offset_count; i++) {
		const struct oci_time_offset *offset =
			&kernel->time_offsets[i];
		auto_free char *line =
			text("%s %lld %u", offset->clock,
			     (long long)offset->seconds, offset->nanoseconds);
		if (write_text(making->procfs, SELF_OFFSETS, line) < 0)
			return wrap("linux.timeOffsets.%s", offset->clock);
	}
	auto_close int next =
		openat(making->procfs, SELF_NEXT_TIME, O_RDONLY | O_CLOEXEC);
	if (next < 0 || sys_setns(next, CLONE_NEWTIME) < 0)
		return fail("enter the time namespace");
	return 0;
}

/* ---- user: whose ids are whose ------------------------------------------- */

static int
user_up(struct making *making)
{
	if (is_new(making, "user") &&
	    sync_expect(making->sync, SYNC_MAPPED, "the runtime") < 0)
		return -1;
	/* A change of user unties. */
	if (namespace(making, "user") &&
	    (session_become_root() < 0 || session_tie(true) < 0))
		return -1;
	if (is_new(making, "user") && is_new(making, "cgroup") &&
	    sys_unshare(CLONE_NEWCGROUP) < 0)
		return fail("make a cgroup namespace");
	/* The keyring is the container's root's, or `exec` could not join. */
	if (!making->options->no_new_keyring &&
	    process_keyring(making->state.id) < 0)
		return -1;
	return session_hide();
}

/* ---- names, files -------------------------------------------------------- */

static int
names_up(struct making *making)
{
	const struct oci_config *config = &making->config;
	if (config->hostname && sys_sethostname(config->hostname) < 0)
		return fail("set the host name %s", config->hostname);
	if (config->domainname && sys_setdomainname(config->domainname) < 0)
		return fail("set the domain name %s", config->domainname);
	return 0;
}

static int
root_up(struct making *making)
{
	root = mounts_root(&making->config, making->state.bundle,
			   &making->sources);
	if (root < 0)
		return -1;
	/* A bind mount of what is above must not take it along. */
	return making->options->root_mount ?
		       mountfd_propagate(root, MS_UNBINDABLE) :
		       0;
}

static int
mounts_up(struct making *making)
{
	int result = mounts_make(root, &making->config, &making->sources,
				 &making->cgroup);
	mounts_close(&making->sources);
	return result;
}

static int
devices_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	if (devices_make(root, &making->config) < 0)
		return -1;
	/* Before the root can become read-only. */
	return process ? process_make_cwd(process, root) : 0;
}

/* ---- hooks: the runtime's, then the container's -------------------------- */

/* In the container it is known by the number it has there. */
static int
run_hooks(struct making *making, enum oci_hook_kind kind,
	  enum oci_status status)
{
	if (!making->config.hooks || !making->config.hooks->of[kind].count)
		return 0;
	auto_free char *json = making_state_json(making, status, getpid());
	return json ? hooks_run(making->config.hooks, kind, json) : -1;
}

static int
hooks_up_inside(struct making *making)
{
	if (!making->waits)
		return 0;
	if (sync_send(making->sync, SYNC_READY) < 0 ||
	    sync_expect(making->sync, SYNC_GO, "the runtime") < 0)
		return -1;
	return run_hooks(making, OCI_CREATE_CONTAINER, OCI_CREATING);
}

/* ---- the root ------------------------------------------------------------ */

static int
cover_up(struct making *making)
{
	return mounts_cover(root, &making->config);
}

static int
pivot_up(struct making *making)
{
	int result = making->options->no_pivot ? rootfs_move(root) :
						 rootfs_pivot(root);
	session_close_later(&root);
	if (result < 0)
		return -1;
	if (making->options->root_mount &&
	    sys_mount(NULL, "/", NULL, MS_PRIVATE, NULL) < 0)
		return fail("make the new root an ordinary mount");
	return mounts_finish(&making->config);
}

static int
sysctl_up(struct making *making)
{
	return sysctl_write(making->procfs, &making->config);
}

/* ---- the process --------------------------------------------------------- */

static int
terminal_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	const int *stdio = making->options->stdio;
	if (!process)
		return 0;
	for (int fd = 0; stdio && !process->terminal && fd < 3; fd++)
		if (dup2(stdio[fd], fd) < 0)
			return fail("set standard descriptor %d", fd);
	if (!process->terminal)
		return 0;
	auto_close int master = terminal_open(process, true);
	return master < 0 ? -1 : sync_send_fd(making->sync, master);
}

static int
labels_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	const struct oci_linux *kernel = making->config.kernel;
	if (kernel && process_memory(kernel->memory_policy) < 0)
		return -1;
	if (!process)
		return 0;
	return process_labels(process, kernel ? kernel->personality : NULL,
			      making->procfs);
}

static int
become_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	if (!process)
		return 0;
	close_scoped(&making->procfs);
	if (process_become(process, making->filter.code != NULL) < 0)
		return -1;
	return session_tie(true);
}

/* Looked up with the rights of the user it will run as. */
static int
find_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	if (!process)
		return 0;
	environment = process_environment(process,
					  making->options->listen_fds);
	program = exec_find(process->args[0], environment);
	return program ? 0 : -1;
}

/* ---- wait: for `start`, who may come long after the runtime has gone ----- */

static int
wait_up(struct making *making)
{
	if (sync_send(making->sync, SYNC_READY) < 0 ||
	    sync_expect(making->sync, SYNC_GO, "the runtime") < 0)
		return -1;
	return making->at_once ? 0 : session_tie(false);
}

const struct making_step init_steps[] = {
	{ "namespaces", namespaces_up, NULL },
	{ "session", session_up, NULL },
	{ "join", join_up, NULL },
	{ "clock", clock_up, NULL },
	{ "user", user_up, NULL },
	{ "names", names_up, NULL },
	{ "root", root_up, NULL },
	{ "mounts", mounts_up, NULL },
	{ "devices", devices_up, NULL },
	{ "createContainer", hooks_up_inside, NULL },
	{ "cover", cover_up, NULL },
	{ "pivot", pivot_up, NULL },
	{ "sysctl", sysctl_up, NULL },
	{ "pty", terminal_up, NULL },
	{ "labels", labels_up, NULL },
	{ "become", become_up, NULL },
	{ "find", find_up, NULL },
	{ "wait", wait_up, NULL },
	{ 0 },
};

/* Somebody who says "go"; a `start` that was killed before it did was none.  In
 * `run` it is our parent, who has said so already. */
static int
accept_start(struct making *making)
{
	int listener = take_fd(making->at_once ? &making->sync :
						 &making->listener);
	close_scoped(&making->sync);
	if (session_keep_only(&listener, making->options->preserve_fds) < 0)
		return -1;
	/* Not before what we had of our caller's is closed: its locks. */
	if (making->at_once)
		return session_tie(false) < 0 ? -1 : listener;
	for (;;) {
		auto_close int sock =
			accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (sock < 0 && errno != EINTR && errno != ECONNABORTED)
			return fail("wait for `start`");
		if (sock >= 0 && sync_expect(sock, SYNC_GO, "`start`") == 0)
			return take_fd(&sock);
	}
}

/* What comes back from here is a failure. */
static int
become_payload(struct making *making, int sock)
{
	const struct oci_process *process = making->config.process;
	if (run_hooks(making, OCI_START_CONTAINER, OCI_CREATED) < 0)
		return -1;
	if (process_restrict(process) < 0 || making_seal(making, sock) < 0)
		return -1;
	return exec_replace(program, (char *const *)process->args,
			    environment);
}

void
init_run(struct making *making)
{
	self_let_go();
	state_close(&making->dir, &making->lock);
	close_scoped(&making->pidfd);
	/* From here on "the other side" of the one name is the parent's. */
	close_scoped(&making->sync);
	making->sync = take_fd(&making->child_sync);
	int sock = making->sync;
	int result = session_tie(true);
	for (const struct making_step *step = init_steps;
	     step->name && result == 0; step++)
		result = making_do(step, making);
	if (result == 0 && !making->at_once)
		result = sync_send(sock, SYNC_READY);
	if (result == 0) {
		sock = accept_start(making);
		result = sock < 0 ? -1 : become_payload(making, sock);
	}
	sync_send_failure(sock);
	_exit(1);
}
