/*
 * create.c - parent.  The order in which a container comes to be.
 *
 * One table, read downwards to set up and upwards to undo.  The child's half,
 * from `clone` to `created`, is the table in child.c; what is said between the
 * two, in making.h.  A container that was saved comes to be by another table,
 * with criu in place of the child.
 */
#include "making.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "cgroups.h"
#include "console.h"
#include "handover.h"
#include "hooks.h"
#include "netdevices.h"
#include "nsclone.h"
#include "process.h"
#include "procfs.h"
#include "rdt.h"
#include "restore.h"
#include "self.h"
#include "sync.h"
#include "sys.h"

#define SOCKET "exec.sock"

/* ---- config: what is asked for, and whether it makes sense --------------- */

static int
check_terminal(const struct making *making)
{
	const struct oci_process *process = making->config.process;
	bool has_socket = making->options->console_socket != NULL;
	bool terminal = process && process->terminal;
	if (terminal && !has_socket && !making->keep_terminal)
		return failx("process.terminal is set, and there is no "
			     "--console-socket to send the terminal to");
	if (!terminal && has_socket)
		return failx("--console-socket without process.terminal: "
			     "there will be no terminal to send");
	return 0;
}

static char *
rootfs_path(const struct making *making)
{
	const char *path = making->config.root->path;
	return *path == '/' ? copy_text(path) :
			      text("%s/%s", making->state.bundle, path);
}

/* By those that the caller has given, which live as long. */
static void
replace_words(struct making *making)
{
	const struct create_options *options = making->options;
	struct oci_config *config = &making->config;
	if (!config->process || !options->args)
		return;
	struct oci_process *process =
		oci_document_new(&config->document, sizeof(*process));
	*process = *config->process;
	process->args = options->args;
	process->env = options->env;
	config->process = process;
}

/* The bundle's config.json, as it is now. */
static int
config_read(struct making *making)
{
	size_t length;
	making->bundle = open(making->options->bundle,
			      O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (making->bundle < 0)
		return fail("open the bundle %s", making->options->bundle);
	const char *given = making->options->config;
	making->content = given ? copy_text(given) :
				  oci_file_read(making->bundle, "config.json",
						&length);
	if (!making->content)
		return wrap("bundle %s", making->options->bundle);
	if (given)
		length = strlen(given);
	if (oci_config_parse(&making->config, making->content, length) < 0)
		return wrap("config.json");
	replace_words(making);
	/* Not as late as the pivot: the mounts before it would be the host's,
	 * and stay. */
	if (!oci_namespace_find(making->config.kernel, "mount"))
		return failx("linux.namespaces: without a mount namespace the "
			     "root would be changed for the host");
	if (making->config.process &&
	    process_check(making->config.process) < 0)
		return -1;
	making_warn(making, &making->config.document, making->config.process);
	if (making->at_once && !making->config.process)
		return failx("config.json has no process that could be "
			     "started");
	return check_terminal(making);
}

/* ---- state: a directory, a lock, the bundle as it is now ----------------- */

static int64_t
now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int
state_up(struct making *making)
{
	const struct create_options *options = making->options;
	if (oci_id_check(options->id) < 0 ||
	    config_read(making) < 0 ||
	    (making->restoring && restore_make_way(making) < 0))
		return -1;
	making->state = (struct state){
		.id = copy_text(options->id),
		.bundle = realpath(options->bundle, NULL),
		.systemd = options->systemd_cgroup,
		.created_ns = now_ns(),
		.restored = making->restoring != NULL,
		.owner = geteuid(),
	};
	if (!making->state.bundle)
		return fail("find the bundle %s", options->bundle);
	making->state.rootfs = rootfs_path(making);
	making->state.cgroup = cgroups_name(&making->config, options->id,
					    options->systemd_cgroup);
	if (!making->state.cgroup ||
	    state_create(options->root, options->id, &making->dir,
			 &making->lock) < 0)
		return -1;
	return state_save(making->dir, &making->state);
}

static int
state_down(struct making *making)
{
	if (making->lock < 0)
		return 0;
	int result = state_remove(making->options->root, making->options->id,
				  making->dir);
	/* As if it had been deleted: runtime.md, "Lifecycle", 12 and 13. */
	if (making->poststop_due) {
		auto_free char *json =
			making_state_json(making, OCI_STOPPED, 0);
		if (json && hooks_run_all(making->config.hooks, OCI_POSTSTOP,
					  json) < 0)
			result = -1;
	}
	return result;
}

/* ---- prepare: what only the parent can do, before there is a child ------- */

/* Where the child will wait for `start`.  The name is too long for an address:
 * it goes by the descriptor of its directory. */
static int
listen_for_start(int dir)
{
	auto_close int sock =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/proc/self/fd/%d/" SOCKET, dir);
	if (sock < 0 ||
	    bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(sock, 1) < 0)
		return fail("make " SOCKET);
	return take_fd(&sock);
}

/* One of our own takes a millisecond to go again: is anything to be written? */
static bool
needs_procfs(const struct oci_config *config)
{
	const struct oci_process *process = config->process;
	const struct oci_linux *kernel = config->kernel;
	return (process &&
		(process->oom_score_adj.set || process->apparmor_profile ||
		 process->selinux_label)) ||
	       (kernel &&
		(kernel->sysctl.count || kernel->time_offset_count ||
		 oci_namespace_find(kernel, "time")));
}

static int
prepare_up(struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	if (needs_procfs(&making->config) &&
	    (making->procfs = procfs_open()) < 0)
		return -1;
	const struct oci_process *process = making->config.process;
	making->waits = making->config.hooks ||
			(kernel && kernel->net_device_count) ||
			(process && process_needs_limits(process));
	if (filter_compile(&making->filter,
			   kernel ? kernel->seccomp : NULL) < 0)
		return -1;
	if (mounts_prepare(&making->sources, &making->config,
			   making->bundle) < 0)
		return -1;
	int *given = making->options->root_mount;
	if (given) {
		close_scoped(&making->sources.root);
		making->sources.root = take_fd(given);
	}
	if (making->at_once)
		return 0;
	making->listener = listen_for_start(making->dir);
	return making->listener < 0 ? -1 : 0;
}

static int
prepare_down(struct making *making)
{
	mounts_close(&making->sources);
	filter_free(&making->filter);
	close_scoped(&making->listener);
	return 0;
}

/* ---- birthplace: of the cgroup, what the child can be born in ------------ */

/* What of it was there before us, or that there is none. */
static int
note_cgroup(struct making *making)
{
	free_scoped(&making->state.kept);
	making->state.kept = cgroups_kept(&making->cgroup);
	if (making->cgroup.count == 0)
		free_scoped(&making->state.cgroup);
	bool as_noted = making->state.cgroup && !making->state.kept;
	return as_noted ? 0 : state_save(making->dir, &making->state);
}

static int
birthplace_up(struct making *making)
{
	/* systemd makes none without a process: see scope_up(). */
	if (making->state.systemd)
		return 0;
	if (cgroups_begin(&making->cgroup, making->state.cgroup,
			  &making->config) < 0)
		return -1;
	return note_cgroup(making);
}

static int
birthplace_down(struct making *making)
{
	return cgroups_end(&making->cgroup, making->state.kept);
}

/* ---- clone: the child, born in its namespaces ---------------------------- */

/* Another's user namespace, and not a new one. */
static bool
joins_users(const struct making *making)
{
	const struct oci_namespace *users =
		oci_namespace_find(making->config.kernel, "user");
	return users && users->path;
}

static int
clone_up(struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	struct nsclone_joins joins = NSCLONE_NO_JOINS;
	if (sync_pair(&making->sync, &making->child_sync) < 0)
		return -1;
	struct joining joining = { making->config.process, making->procfs };
	if (joins_users(making)) {
		joins.before = making_join;
		joins.data = &joining;
	}
	int result = nsclone_open(&joins, kernel);
	/* Others may be in what is joined. */
	if (joins.count > 0)
		self_let_go();
	if (result == 0) {
		making->pid = nsclone(&joins, nsclone_flags(kernel),
				    cgroup_v2_fd(&making->cgroup),
				    &making->pidfd);
		if (making->pid == 0)
			init_run(making);
		result = making->pid < 0 ? -1 : 0;
	}
	nsclone_close(&joins);
	close_scoped(&making->child_sync);
	/* The child's alone, from here on. */
	close_scoped(&making->listener);
	mounts_close(&making->sources);
	if (result < 0)
		return -1;
	int cpu = state_note_birth(&making->state, making->pid);
	if (cpu < 0)
		return -1;
	apart_from(cpu);
	return 0;
}

static int
clone_down(struct making *making)
{
	if (making->pid > 0) {
		sys_pidfd_send_signal(making->pidfd, SIGKILL);
		while (waitpid(making->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	making->pid = 0;
	close_scoped(&making->pidfd);
	close_scoped(&making->sync);
	return 0;
}

/* ---- cgroup: all of it, and its limits, before anybody is let in --------- */

static int
cgroup_up(struct making *making)
{
	if (making->cgroup.count == 0)
		return 0;
	int result = cgroups_complete(&making->cgroup, &making->config,
				      making->pid);
	struct failure why = failure;
	/* Also of one that could not be completed: what is undone is ours. */
	if (note_cgroup(making) < 0 && result == 0)
		return -1;
	failure = why;
	if (result < 0)
		return -1;
	/* (In a restore there is no child yet.) */
	return making->pid ? sync_send(making->sync, SYNC_GO) : 0;
}

/* ---- scope: systemd's cgroup, with the child in it ----------------------- */

static int
scope_up(struct making *making)
{
	if (!making->state.systemd)
		return 0;
	if (cgroups_systemd_start(&making->cgroup, making->state.cgroup,
				  making->state.id, &making->config,
				  making->pid) < 0)
		return -1;
	return sync_send(making->sync, SYNC_GO);
}

static int
scope_down(struct making *making)
{
	if (!making->state.systemd)
		return 0;
	int result = cgroups_end(&making->cgroup, NULL);
	return cgroups_systemd_stop(making->state.cgroup) < 0 ? -1 : result;
}

/* ---- rdt: a share of caches and memory bandwidth ------------------------- */

static int
rdt_up(struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	if (!kernel || !kernel->intel_rdt)
		return 0;
	auto_free char *resctrl = rdt_mount_point();
	if (!resctrl || rdt_join(resctrl, kernel->intel_rdt, making->state.id,
				 making->pid) < 0)
		return wrap("linux.intelRdt");
	making->in_class = true;
	return 0;
}

static int
rdt_down(struct making *making)
{
	/* One that we could not make may be somebody else's. */
	return making->in_class ?
		       rdt_forget(making_class(making), making->state.id) : 0;
}

/* ---- maps: who is who in a new user namespace ---------------------------- */

static int
maps_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	/* The child waits for the maps before it hides its files in /proc. */
	if (process && !joins_users(making) &&
	    process_oom_score(process, making->pid, making->procfs) < 0)
		return -1;
	if (!(nsclone_flags(making->config.kernel) & CLONE_NEWUSER))
		return 0;
	if (nsclone_map(making->pid, making->config.kernel) < 0)
		return -1;
	return sync_send(making->sync, SYNC_MAPPED);
}

/* ---- config: nobody waits for this --------------------------------------- */

int
making_keep_config(const struct making *making)
{
	return state_write(making->dir, "config.json", making->content);
}

static int
config_up(struct making *making)
{
	self_let_go();
	return making_keep_config(making);
}

/* ---- network: the host's devices that are to be the container's --------- */

int
making_network(struct making *making)
{
	const struct oci_linux *kernel = making->config.kernel;
	if (!kernel || kernel->net_device_count == 0)
		return 0;
	auto_free char *path = text("/proc/%d/ns/net", making->pid);
	making->devices.netns = open(path, O_RDONLY | O_CLOEXEC);
	if (making->devices.netns < 0)
		return fail("open %s", path);
	return netdevices_move(kernel, &making->devices);
}

/* The child may have ended long ago: its namespace has not, for we hold it. */
int
making_network_down(struct making *making)
{
	return netdevices_return(making->config.kernel, &making->devices);
}

/* ---- limits, hooks, created ---------------------------------------------- */

/* Before its user can be another than ours. */
static int
limits_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	if (!making->waits)
		return 0;
	if (sync_expect(making->sync, SYNC_READY, "the container") < 0)
		return -1;
	return process ? process_limits(process, making->pid) : 0;
}

int
making_hooks(struct making *making)
{
	const struct oci_hooks *hooks = making->config.hooks;
	if (!hooks)
		return 0;
	auto_free char *json =
		making_state_json(making, OCI_CREATING, making->pid);
	if (!json)
		return -1;
	making->poststop_due = true;
	if (hooks_run(hooks, OCI_PRESTART, json) < 0)
		return -1;
	return hooks_run(hooks, OCI_CREATE_RUNTIME, json);
}

static int
hooks_up(struct making *making)
{
	if (making_hooks(making) < 0)
		return -1;
	return making->waits ? sync_send(making->sync, SYNC_GO) : 0;
}

int
making_terminal(struct making *making)
{
	if (making->keep_terminal) {
		console_copy_size(making->master);
		return 0;
	}
	int result = handover_send(making->options->console_socket,
				   "/dev/ptmx", making->master);
	close_scoped(&making->master);
	return result;
}

/* With a terminal its master comes first. */
static int
terminal_up(struct making *making)
{
	const struct oci_process *process = making->config.process;
	if (!process || !process->terminal)
		return 0;
	making->master = sync_expect_fd(making->sync, "the container");
	return making->master < 0 ? -1 : making_terminal(making);
}

static int
tell_engine(const struct making *making)
{
	const struct create_options *options = making->options;
	auto_free char *number = text("%d", making->pid);
	if (options->pid_file &&
	    write_file(AT_FDCWD, options->pid_file, number, 0644) < 0)
		return -1;
	if (options->pidfd_socket &&
	    handover_send(options->pidfd_socket, "pidfd", making->pidfd) < 0)
		return -1;
	return 0;
}

/* In two parts, for the first is done while the child is at work. */
static int
note_beside(struct making *making)
{
	making->state.started = making->at_once;
	if (state_note_process(&making->state, making->pid) < 0)
		return -1;
	return state_save_beside(making->dir, &making->state);
}

static int
note_in_place(struct making *making)
{
	return state_put_in_place(making->dir) < 0 ? -1 : tell_engine(making);
}

static int
running_up(struct making *making)
{
	return note_beside(making) < 0 ? -1 : note_in_place(making);
}

static int
created_up(struct making *making)
{
	if (note_beside(making) < 0 ||
	    sync_expect(making->sync, SYNC_READY, "the container") < 0 ||
	    note_in_place(making) < 0)
		return -1;
	if (making->at_once)
		return 0;
	if (sync_send(making->sync, SYNC_GO) < 0)
		return -1;
	return sync_expect(making->sync, SYNC_READY, "the container");
}

/* ---- the tables ---------------------------------------------------------- */

const struct making_step create_steps[] = {
	{ "state", state_up, state_down },
	{ "prepare", prepare_up, prepare_down },
	{ "birthplace", birthplace_up, birthplace_down },
	{ "clone", clone_up, clone_down },
	{ "cgroup", cgroup_up, NULL },
	{ "scope", scope_up, scope_down },
	{ "rdt", rdt_up, rdt_down },
	{ "maps", maps_up, NULL },
	{ "config", config_up, NULL },
	{ "limits", limits_up, NULL },
	{ "network", making_network, making_network_down },
	{ "hooks", hooks_up, NULL },
	{ "terminal", terminal_up, NULL },
	{ "created", created_up, NULL },
	{ 0 },
};

/* All of the child's, and most of what is done for it, criu does. */
const struct making_step restore_steps[] = {
	{ "state", state_up, state_down },
	{ "birthplace", birthplace_up, birthplace_down },
	{ "cgroup", cgroup_up, NULL },
	{ "criu", restore_criu_up, restore_criu_down },
	{ "scope", scope_up, scope_down },
	{ "rdt", rdt_up, rdt_down },
	{ "images", restore_images_up, clone_down },
	{ "running", running_up, NULL },
	{ 0 },
};

void
making_free(struct making *making)
{
	prepare_down(making);
	cgroup_close(&making->cgroup);
	netdevices_free(&making->devices);
	close_scoped(&making->procfs);
	close_scoped(&making->pidfd);
	close_scoped(&making->sync);
	close_scoped(&making->child_sync);
	close_scoped(&making->master);
	close_scoped(&making->bundle);
	/* Last: whoever waits for the lock finds everything done. */
	state_close(&making->dir, &making->lock);
	free_scoped(&making->content);
	state_free(&making->state);
	oci_config_free(&making->config);
}

/* Say both, what failed and what could not be undone. */
static int
give_up(struct making *making, size_t count)
{
	/* A child that gave up makes other things fail, too. */
	if (making->sync >= 0 && sync_take_failure(making->sync))
		wrap("%s", making->steps[count - 1].name);
	struct failure why = failure;
	if (making_undo(count, making) < 0) {
		struct failure also = failure;
		int code = why.code;
		failx("%s (and then: %.100s)", why.text, also.text);
		why = failure;
		why.code = code;
	}
	making_free(making);
	failure = why;
	return -1;
}

int
making_climb(struct making *making, const struct making_step *steps,
	     const struct create_options *options,
	     const struct run_options *run)
{
	making->options = options;
	making->steps = steps;
	making->at_once = run != NULL;
	making->keep_terminal = run && !run->detach &&
				!options->console_socket;
	for (size_t i = 0; steps[i].name; i++)
		if (making_do(&steps[i], making) < 0)
			return give_up(making, i + 1);
	netdevices_free(&making->devices); /* they are the container's now */
	return 0;
}

int
runtime_create(const struct create_options *options)
{
	struct making making = MAKING_NOTHING;
	if (making_check_names() < 0 ||
	    making_climb(&making, create_steps, options, NULL) < 0)
		return -1;
	making_free(&making);
	return 0;
}
