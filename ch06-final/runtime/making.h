/*
 * making.h - a container while it is being made: what both step tables work
 * on.
 *
 * The parent's is in create.c, the child's in child.c.  Between them goes a
 * SOCK_SEQPACKET pair (sync.h):
 *
 *	parent				child
 *					its namespaces
 *	cgroup or scope	GO ->		in its cgroup (where it gets one)
 *	maps, then	MAPPED ->	root in its user namespace
 *					mounts, devices
 *			<- READY	all is there but the pivot
 *	prestart, createRuntime	GO ->	(these two only where it is to wait:
 *					for hooks, or limits or network
 *					devices from us)
 *					createContainer, pivot, and the rest
 *			<- FD		its terminal, where it has one
 *			<- READY	nothing can go wrong any more but execve
 *	state saved		GO ->	no longer tied to our life
 *			<- READY	waits for `start`
 *
 * and then, on a connection to exec.sock, with `start`:
 *
 *	running is noted	GO ->	startContainer, the filter
 *			<- FD		what the filter notifies through
 *			<- EXEC, end of file
 *
 * `run` has no exec.sock and no waiting in between: it notes at once that the
 * container is running, and the GO is the start, too.
 */
#ifndef MAKING_H
#define MAKING_H

#include <sys/types.h>

#include "cgroup.h"
#include "filter.h"
#include "mounts.h"
#include "netdevices.h"
#include "oci_config.h"
#include "runtime.h"
#include "state.h"

struct restoring;
struct making_step;

struct making {
	const struct create_options *options;
	const struct making_step *steps; /* the table of the parent's */
	struct restoring *restoring;	 /* or NULL: it is a new one */
	struct oci_config config;
	struct state state;
	int bundle;	     /* its directory */
	char *content;	     /* its config.json */
	int dir, lock;	     /* of the state */
	int procfs;	     /* of ours (procfs.h), if needed */
	int listener;	     /* exec.sock */
	int sync, child_sync; /* the two ends */
	struct cgroup cgroup;
	struct mounts_sources sources;
	struct filter filter;
	pid_t pid; /* of the child; 0: none */
	int pidfd;
	struct netdevices devices; /* moved, until there is a container */
	bool at_once;	   /* `run`: created and started in one go */
	bool waits;	   /* the child does, before the pivot, for us */
	bool keep_terminal; /* the master is for `master` */
	int master; /* of its terminal, in `run`; or -1 */
	bool in_class; /* of resctrl (rdt.h) */
	bool poststop_due; /* hooks have been run: those of its end must be */
};

/* Nothing is there yet, no descriptor is open. */
#define MAKING_NOTHING                                                        \
	{                                                                     \
		.bundle = -1, .dir = -1, .lock = -1, .procfs = -1,            \
		.listener = -1, .sync = -1, .child_sync = -1,                 \
		.sources = MOUNTS_NO_SOURCES, .pidfd = -1, .master = -1,      \
		.devices = NETDEVICES_NONE,                                   \
	}

/*
 * create.c: all of a table of the parent's, or it is undone.  `making` is
 * MAKING_NOTHING, but for `restoring`.  `run` NULL: for a `start` to come;
 * otherwise it is created and started in one go.  The caller ends with
 * making_free(), which leaves the container as it is.
 */
int making_climb(struct making *making, const struct making_step *steps,
		 const struct create_options *options,
		 const struct run_options *run);
void making_free(struct making *making);

/* Parts of steps that a restore has, too: the hooks of the runtime namespace;
 * devices of the network, and back; the terminal in `master`, to whom it is
 * for. */
int making_hooks(struct making *making);
int making_network(struct making *making);
int making_network_down(struct making *making);
int making_terminal(struct making *making);

/* One that is there, locked; the config is not loaded. */
int making_open(struct making *making, const char *root, const char *id);
/* start.c and operate.c: of one that is locked, its config loaded.  Whoever
 * could not be started is deleted. */
int making_start(struct making *making, const char *root);
int making_delete(struct making *making, const char *root);

/* The config.json as it is now, into the state: for who comes after us. */
int making_keep_config(const struct making *making);

/* run.c: what `begin` makes (it sets `making`, and leaves nothing when it
 * fails), until it ends, and what runtime_run() says. */
int making_run(const struct run_options *options,
	       int (*begin)(struct making *making,
			    const struct run_options *options, void *data),
	       void *data);

/* run.c: carry signals and, with a terminal, bytes, until the child `pid` has
 * ended; its exit status as runtime_run() returns it.  Closes the console.
 * `signals`: of console_signals(). */
struct console;
int runtime_wait(pid_t pid, int pidfd, struct console *console, int signals);

/* The child's half (child.c): runs its table and never returns. */
_Noreturn void init_run(struct making *making);

/* Its class of resctrl, by the configuration or by `update`; NULL: none. */
const struct oci_intel_rdt *making_class(const struct making *making);

/* The state as hooks are told it; the caller frees. */
char *making_state_json(const struct making *making, enum oci_status status,
			pid_t pid);

/* Tell what of a config.json, or exec's process, holds nothing up and is to be
 * logged: unknown capabilities, and those of `process` (or NULL) that we
 * cannot give (config.md, "Linux Process"). */
void making_warn(const struct making *making,
		 const struct oci_document *document,
		 const struct oci_process *process);

/*
 * Whoever joins a user namespace can be traced by its root from that moment
 * on, and has all that we have (CVE-2016-9962): it must be hidden before.  And
 * before that comes its oom_score_adj, for it cannot be written after.  `data`
 * is a struct joining.
 */
struct joining {
	const struct oci_process *process; /* or NULL */
	int procfs;
};
int making_join(void *data);

/* Child, the last before the execve: "the next thing I do" is sent through
 * `sock`, and the filter holds.  If it has a listener the parent is to call
 * making_notify() before. */
int making_seal(const struct making *making, int sock);

/* The agent that seccomp.listenerPath names gets the listener that comes
 * through `sock`, and then the child may go on. */
int making_notify(const struct making *making, enum oci_status status,
		  int sock);

/*
 * The names of the steps, for FAIL_AT and PAUSE_AT: in tests the step is made
 * to fail when its work is done, or the process that did it held there, so
 * that it can be killed at exactly that point.
 */
struct making_step {
	const char *name;
	int (*up)(struct making *making);
	int (*down)(struct making *making); /* or NULL: goes with another's */
};
extern const struct making_step create_steps[], restore_steps[], init_steps[];
int making_do(const struct making_step *step, struct making *making);
/* Before the first, by whoever calls making_climb(). */
int making_check_names(void);
/* Is it a step of one of the tables? */
bool making_is_step(const char *name);
/* Undo the first `count` of making->steps, the last of them first. */
int making_undo(size_t count, struct making *making);

#endif
