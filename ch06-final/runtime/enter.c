/*
 * enter.c - parent, and the child where it says so.  Another process in a
 * container that lives: `exec`.
 *
 * It joins every namespace the container has, and its cgroup, and is then set
 * up as the first process was, by the same functions: set_up(), become().
 */
#include "runtime.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroups.h"
#include "console.h"
#include "handover.h"
#include "exec.h"
#include "making.h"
#include "overrides.h"
#include "process.h"
#include "procfs.h"
#include "session.h"
#include "nsclone.h"
#include "self.h"
#include "sync.h"
#include "sys.h"
#include "terminal.h"

struct entering {
	const struct exec_options *options;
	struct making of; /* the container; `sync`, `pid` and so on are ours */
	struct oci_process process;
	struct oci_document document; /* that of --process */
};

/* ---- the child ----------------------------------------------------------- */

static int
set_up(struct entering *entering)
{
	const struct oci_process *process = &entering->process;
	struct making *of = &entering->of;
	const struct oci_linux *kernel = of->config.kernel;
	const struct oci_cpu_affinity *cpus = process->exec_cpu_affinity;
	/* Our parent sets limits while our user is still its own. */
	if (session_tie(true) < 0 ||
	    sync_expect(of->sync, SYNC_GO, "the runtime") < 0)
		return -1;
	if (cpus && cpus->initial && process_affinity(cpus->initial) < 0)
		return -1;
	if (cgroup_join(&of->cgroup, cgroup_v2_fd(&of->cgroup) >= 0) < 0 ||
	    session_begin(entering->options->preserve_fds) < 0)
		return -1;
	if (cpus && cpus->final && process_affinity(cpus->final) < 0)
		return -1;
	if (oci_namespace_find(kernel, "user") && session_become_root() < 0)
		return -1;
	if (process_keyring(of->state.id) < 0)
		return -1;
	if (process->terminal) {
		auto_close int master = terminal_open(process, false);
		if (master < 0 || sync_send_fd(of->sync, master) < 0)
			return -1;
	}
	if (process_labels(process, kernel ? kernel->personality : NULL,
			   of->procfs) < 0)
		return -1;
	close_scoped(&of->procfs);
	return process_become(process, of->filter.code != NULL);
}

static int
become(struct entering *entering)
{
	const struct oci_process *process = &entering->process;
	/* An execve closes them, but only after it has opened the program and
	 * its interpreter, which /proc/self/fd/8/../../bin/sh may be: with a
	 * cgroup's directory as 8 that is the host's (CVE-2024-21626). */
	if (session_keep_only(&entering->of.sync,
			      entering->options->preserve_fds) < 0)
		return -1;
	int sock = entering->of.sync;
	char **env = process_environment(process,
					  entering->options->listen_fds);
	auto_free char *program = exec_find(process->args[0], env);
	if (!program || session_tie(true) < 0 ||
	    sync_send(sock, SYNC_READY) < 0 ||
	    sync_expect(sock, SYNC_GO, "the runtime") < 0 ||
	    process_restrict(process) < 0 ||
	    session_tie(entering->options->tied) < 0 ||
	    making_seal(&entering->of, sock) < 0)
		return -1;
	return exec_replace(program, (char *const *)process->args, env);
}

_Noreturn static void
run_child(struct entering *entering)
{
	struct making *of = &entering->of;
	close_scoped(&of->lock);
	close_scoped(&of->dir);
	close_scoped(&of->pidfd);
	close_scoped(&of->sync);
	of->sync = take_fd(&of->child_sync);
	if (set_up(entering) == 0)
		become(entering);
	sync_send_failure(of->sync);
	_exit(1);
}

/* ---- the parent ---------------------------------------------------------- */

/* Into all that the container has of its own: what it asked for, and one whose
 * clocks are its own, which it has when it was restored. */
static uint64_t
kinds_of(const struct oci_linux *kernel, const struct state *state)
{
	uint64_t kinds = state->restored ? CLONE_NEWTIME : 0;
	for (size_t i = 0; kernel && i < kernel->namespace_count; i++)
		kinds |= kernel->namespaces[i].kind->flag;
	return kinds;
}

static int
open_cgroup(struct entering *entering)
{
	struct making *of = &entering->of;
	const char *const *below = entering->options->cgroups;
	int found = of->state.cgroup ?
			    cgroup_open(&of->cgroup, of->state.cgroup) : 0;
	if (found <= 0 && below)
		return failx("--cgroup %s: the container has no cgroup",
			     below[0]);
	/* Whoever enters a frozen cgroup is frozen, and we wait for ever. */
	if (found > 0 && !entering->options->ignore_paused &&
	    cgroups_frozen(&of->cgroup) == 1)
		return failx("the container is paused: `resume` it first");
	if (found < 0)
		return failure.code != EACCES ? -1 : 0;
	return below ? cgroups_step_into(&of->cgroup, below) : 0;
}

static int
check_terminal(const struct entering *entering)
{
	const struct exec_options *options = entering->options;
	bool terminal = entering->process.terminal;
	if (terminal && options->detach && !options->console_socket)
		return failx("a detached process with a terminal needs a "
			     "--console-socket to send it to");
	if (!terminal && options->console_socket)
		return failx("--console-socket without a terminal: there will "
			     "be none to send");
	return 0;
}

static int
prepare(struct entering *entering)
{
	const struct exec_options *options = entering->options;
	struct making *of = &entering->of;
	if (making_open(of, options->root, options->id) < 0)
		return -1;
	enum oci_status status = state_status(&of->state);
	if (status != OCI_RUNNING && status != OCI_CREATED)
		return failx("cannot exec in a container that is %s",
			     oci_status_names[status]);
	if (oci_config_load(&of->config, of->dir) < 0)
		return -1;
	const struct oci_linux *kernel = of->config.kernel;
	if (overrides_apply(&entering->process, &entering->document, options,
			    of->config.process) < 0 ||
	    check_terminal(entering) < 0 ||
	    process_check(&entering->process) < 0 ||
	    filter_compile(&of->filter, kernel ? kernel->seccomp : NULL) < 0)
		return -1;
	making_warn(of, &entering->document, &entering->process);
	of->procfs = procfs_open();
	if (of->procfs < 0 || open_cgroup(entering) < 0)
		return -1;
	return sync_pair(&of->sync, &of->child_sync);
}

/*
 * A cgroup of v2 that hands controllers down takes no process (EBUSY): where
 * the container has divided its own we go where its first process is, as runc
 * does.  But not instead of one that was asked for.
 */
static pid_t
clone_into_cgroup(struct entering *entering, const struct nsclone_joins *joins)
{
	struct making *of = &entering->of;
	int cgroup = cgroup_v2_fd(&of->cgroup);
	pid_t pid = nsclone(joins, 0, cgroup, &of->pidfd);
	if (pid >= 0 || failure.code != EBUSY || cgroup < 0)
		return pid;
	bool asked = entering->options->cgroups != NULL;
	if (asked || cgroups_follow(&of->cgroup, of->state.pid) < 0)
		return failx("the cgroup hands controllers down, and such a "
			     "one of v2 may hold no process%s%s",
			     asked ? "" : "; ", asked ? "" : failure.text);
	return nsclone(joins, 0, cgroup_v2_fd(&of->cgroup), &of->pidfd);
}

static int
make_child(struct entering *entering)
{
	struct making *of = &entering->of;
	struct nsclone_joins joins = NSCLONE_NO_JOINS;
	auto_close int pidfd = state_pidfd(&of->state);
	if (pidfd < 0)
		return -1;
	struct joining joining = { &entering->process, of->procfs };
	joins.pidfd = pidfd;
	joins.of_pidfd = kinds_of(of->config.kernel, &of->state);
	joins.before = making_join;
	joins.data = &joining;
	self_let_go();
	of->pid = clone_into_cgroup(entering, &joins);
	if (of->pid == 0)
		run_child(entering);
	close_scoped(&of->child_sync);
	return of->pid < 0 ? -1 : 0;
}

static int
take_terminal(struct entering *entering)
{
	struct making *of = &entering->of;
	if (!entering->process.terminal)
		return 0;
	of->master = sync_expect_fd(of->sync, "the new process");
	if (of->master < 0)
		return -1;
	const char *path = entering->options->console_socket;
	if (!path) {
		console_copy_size(of->master);
		return 0;
	}
	int result = handover_send(path, "/dev/ptmx", of->master);
	close_scoped(&of->master);
	return result;
}

static int
tell_engine(const struct entering *entering)
{
	const struct exec_options *options = entering->options;
	const struct making *of = &entering->of;
	auto_free char *number = text("%d", of->pid);
	if (options->pid_file &&
	    write_file(AT_FDCWD, options->pid_file, number, 0644) < 0)
		return -1;
	return options->pidfd_socket ? handover_send(options->pidfd_socket,
						     "pidfd", of->pidfd) : 0;
}

static int
follow_child(struct entering *entering)
{
	struct making *of = &entering->of;
	if (process_limits(&entering->process, of->pid) < 0 ||
	    sync_send(of->sync, SYNC_GO) < 0 || take_terminal(entering) < 0 ||
	    sync_expect(of->sync, SYNC_READY, "the new process") < 0 ||
	    tell_engine(entering) < 0)
		return -1;
	if (sync_send(of->sync, SYNC_GO) < 0 ||
	    (filter_listens(&of->filter) &&
	     making_notify(of, OCI_RUNNING, of->sync) < 0))
		return -1;
	return sync_expect_exec(of->sync, "the new process");
}

/* While we have not waited for its leader, the session's number is nobody
 * else's. */
static int
wait_tied(const struct making *of, int signals)
{
	struct pollfd ready[] = { { of->pidfd, POLLIN, 0 },
				  { signals, POLLIN, 0 } };
	struct signalfd_siginfo info;
	int status, next = SIGTERM;
	while (!ready[0].revents) {
		if (poll(ready, countof(ready), -1) < 0 || !ready[1].revents ||
		    read(signals, &info, sizeof(info)) != sizeof(info) ||
		    info.ssi_signo != SIGTERM)
			continue;
		kill(-of->pid, next);
		next = SIGKILL;
	}
	if (next == SIGKILL)
		kill(-of->pid, SIGKILL);
	while (waitpid(of->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for the new process");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int
stay(struct entering *entering, int signals)
{
	const struct exec_options *options = entering->options;
	struct making *of = &entering->of;
	struct console console = CONSOLE_CLOSED;
	if (options->detach)
		return 0;
	if (options->tied)
		return wait_tied(of, signals);
	console.terminal = of->master >= 0;
	console.interactive = console.terminal && !options->no_input;
	console.is_let_go = options->is_let_go;
	console.keys = options->keys;
	console.let_go = options->let_go;
	console.data = options->data;
	console.master = take_fd(&of->master);
	return runtime_wait(of->pid, of->pidfd, &console, signals);
}

static int
enter(struct entering *entering, int signals)
{
	struct making *of = &entering->of;
	if (prepare(entering) < 0)
		return -1;
	/* On v2 the child is born frozen, in a paused one, and `resume` wants
	 * the lock: it would wait for us, and we for it. */
	if (entering->options->ignore_paused)
		close_scoped(&of->lock);
	if (make_child(entering) < 0)
		return -1;
	/* Others may do what they want with the container meanwhile. */
	close_scoped(&of->lock);
	if (follow_child(entering) == 0)
		return stay(entering, signals);
	/* A child that gave up makes other things fail, too. */
	sync_take_failure(of->sync);
	struct failure why = failure;
	sys_pidfd_send_signal(of->pidfd, SIGKILL);
	while (waitpid(of->pid, NULL, 0) < 0 && errno == EINTR)
		;
	failure = why;
	return -1;
}

int
runtime_exec(const struct exec_options *options)
{
	struct entering entering = { .options = options };
	unsigned char mask[128]; /* a sigset_t */
	auto_close int signals = console_signals(mask);
	if (signals < 0)
		return -1;
	int status = enter(&entering, signals);
	struct failure why = failure;
	making_free(&entering.of);
	oci_document_free(&entering.document);
	console_end_signals(&signals, mask);
	failure = why;
	return status;
}
