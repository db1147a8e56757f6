/*
 * container.h - a container: what was asked for, and what there is of it.
 *
 *	struct container c;
 *	container_init(&c, root, &config);
 *	if (container_up(&c) == 0)
 *		status = container_watch(&c);
 *	container_down(&c);
 *
 * Setting up is one table of steps (up.c) in this process and one (child.c)
 * in the child between clone and exec.  Both are run downwards; the first is
 * undone upwards, by the same functions whether a step failed, the payload
 * ended, or a later command cleans up after a runtime that was killed.
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "base.h"
#include "cgroup_limit.h"
#include "console.h"
#include "net.h"
#include "record.h"

/* -v SOURCE:TARGET[:ro], --tmpfs TARGET[:OPTIONS] */
struct volume {
	char *source; /* absolute, on the host; NULL: a new tmpfs */
	char *target; /* absolute, in the container */
	unsigned long flags; /* MS_RDONLY and so on: mount(2) */
	char *data; /* of the tmpfs: "size=64m", or "" */
};

/* What is asked for: plain data.  Whoever fills it in frees it. */
struct config {
	char *name; /* NULL: one is invented */
	char *hostname; /* NULL: the short id */
	char *image, *image_id; /* as the user called it; "sha256:..." */
	char **layers;	/* absolute directories, the top one first */
	enum storage driver; /* that they are for */
	char **argv;	/* of the payload: an array from end to end */
	char **env;	/* "NAME=value" */
	const char *cwd; /* "": "/" */
	const char *user; /* "": root */
	bool terminal, interactive, remove; /* -t -i --rm */
	bool loopback_only;	/* --network none */
	bool read_only;		/* the root; not what is mounted on it */
	bool unmasked;		/* --security-opt systempaths=unconfined */
	bool no_new_privileges; /* --security-opt no-new-privileges */
	struct cgroup_limits limits;
	struct volume *volumes; /* mounted in this order */
	size_t volume_count;
	struct nat_port *publish;
	size_t publish_count;
};

struct container {
	const char *root; /* of the store and of all containers */
	const struct config *config;
	struct record record;
	char *hostname;
	int containers, dir, lock; /* descriptors (record.h) */
	struct cgroup cgroup;
	struct net_network network;
	struct net_endpoint endpoint;
	int union_mount;	/* to be moved by the child, or -1 (union.h) */
	pid_t daemon;		/* that serves it; 0: there is none of ours */
	int daemon_pidfd;
	struct console console;
	int sync, child_sync;	/* the two ends (sync.h) */
	int signals;		/* signalfd */
	unsigned char old_mask[128]; /* a sigset_t: what the payload gets */
	pid_t pid;
	int pidfd;
	bool oom_killed; /* known when it has ended */
};

/* Exit statuses of `docker run`: the runtime failed; the command was found
 * but cannot be run; it was not found. */
enum { EXIT_RUNTIME = 125, EXIT_CANNOT = 126, EXIT_NOT_FOUND = 127 };

/* Nothing is made yet.  Fails where the default network cannot be named. */
int container_init(struct container *c, const char *root,
		   const struct config *config);

/* Memory only; container_up() that failed and container_down() do it. */
void container_free(struct container *c);

/*
 * Run the table.  On failure all of it is undone already; the failure names
 * the step, and the return value is minus the exit status that is due.
 */
int container_up(struct container *c);

/* Carry its input and output until it ends; returns its exit status as ours:
 * 128+n for signal n; -1 when we lost it. */
int container_watch(struct container *c);

/* Undo the table.  The record stays, as "exited", unless it is to go. */
int container_down(struct container *c);

/*
 * Clean up after runtimes that were killed: every container below `root`
 * whose lock is free but which is not "exited" is undone, and marked so.
 * Called by every ordinary command first; fast when there is nothing to do.
 */
int container_recover(const char *root);

/*
 * Undo what there is of a container whose lock we have and which is not
 * "exited".  Takes the record and both descriptors.  With record->remove
 * nothing of it stays.
 */
int container_undo(const char *root, int containers, struct record *record,
		   int *dir, int *lock);

/* rm -f: kill a running container and wait until its runtime, or we in its
 * place, have undone it.  `record` is updated. */
int container_kill(const char *root, struct record *record, int dir);

/* The child's half (child.c): runs its table and never returns. */
_Noreturn void container_child(struct container *c);

/* mydocker/ID: the name of its cgroup.  The caller frees. */
char *container_cgroup_name(const char *id);

#endif
