/*
 * container.h - a container: what was asked for, what there is of it on disk,
 * and its life.
 *
 *	client				monitor, and what it runs of us
 *	container_init, _create
 *	container_launch  ----------->	container_start	 (in a copy of us)
 *	attach_run (attach.h)		...it runs...
 *					container_end	 (.monitor-end)
 *
 * Starting is one table of steps (up.c), run downwards and undone upwards, by
 * the same functions whether a step failed, the payload ended, or a later
 * command cleans up after processes that were killed.  One of the steps is the
 * whole of the OCI runtime (core.h).  The record says what has happened; the
 * lock says whether somebody is at it (record.h).
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "attach.h"
#include "attachments.h"
#include "base.h"
#include "console.h"
#include "launch.h"
#include "net.h"
#include "joined.h"
#include "record.h"
#include "settings.h"

struct cgroup;

struct container {
	const char *root; /* of the store and of all containers */
	const struct settings *settings; /* NULL: only to look or to undo */
	struct record record;
	int containers, dir, lock; /* descriptors (record.h) */

	/* From here on, only while it is being started or undone: */
	char *hostname;
	struct attachments attachments; /* to its networks */
	int held;		/* for the monitor (held.h), or -1 */
	int union_mount;	/* its root, mounted nowhere yet, or -1 */
	pid_t daemon;		/* that serves it; 0: there is none of ours */
	int daemon_pidfd;
	struct console *console; /* opened; the caller's */
	int master;		/* of its terminal, or -1 */
	struct joined joined;	/* from `bundle` on */
	int *paths;		/* in volumes (volumes.h), or NULL */
	char *config;		/* of the bundle (bundle.h) */
	struct words args, env; /* of its process */
	struct core *core;	/* from `create` to `start` (core.h) */
	pid_t pid;
	int pidfd;
};

/* Exit statuses of `docker run`: the runtime failed; the command was found
 * but cannot be run; it was not found. */
enum { EXIT_RUNTIME = 125, EXIT_CANNOT = 126, EXIT_NOT_FOUND = 127 };

/* There is nothing of it yet.  The strings stay the caller's. */
void container_init(struct container *c, const char *root,
		    const struct settings *settings);
/* Memory and descriptors only, the lock among them.  May be called twice. */
void container_close(struct container *c);
#define auto_container __attribute__((cleanup(container_close), unused))

/* ---- on disk (create.c) ------------------------------------------------- */

/* A new one: its directory, record and settings.  Nothing runs, and its lock
 * is ours. */
int container_create(struct container *c);

/* As it is now it survives a power cut (durable.h); but for --rm, with which it
 * is not to. */
int container_sync(const struct container *c);

/* By whole name, whole id, or the beginning of exactly one id; ENOENT when
 * there is none, in Docker's words. */
int container_find(struct container *c, const char *root, const char *word);

/*
 * Take its lock, and read its record again.  1: it is ours; 0: it runs, or is
 * just being started.  Whoever is about to let go is waited for.
 */
int container_lock(struct container *c);

/* The same for who has more in mind than to remove it: when it is ours it is
 * at rest, too, as by container_mend(). */
int container_claim(struct container *c);

/* All of it goes.  The lock must be ours, and nothing of it may run. */
int container_remove(struct container *c);

/* ---- its life ----------------------------------------------------------- */

/*
 * Start it, with a monitor that stays with it (launch.h).  The lock must be
 * ours, and is the monitor's then.  With `attach` (or NULL) we are attached
 * from its first byte on: the connection is `*sock`, for attach_run().
 * Returns 0, or minus the exit status that is due; all is undone then, and the
 * lock is still ours.
 */
int container_launch(struct container *c, const struct attach_options *attach,
		     int *sock);

/* The table, in the starter: 0 with `*made`, or minus the exit status that is
 * due with all of it undone. */
int container_start(struct container *c, struct console *console,
		    struct launched *made);

/* Undo whatever there is of its life; with --rm all of it goes, unless it is to
 * be started again.  The lock is held by who called us, or by us. */
int container_end(struct container *c);

/* Undo what somebody who was killed has left of it, its lock being ours. */
int container_tidy(struct container *c);
/* And put on record that it has ended, if it says otherwise.  ENOENT: with --rm
 * it is gone. */
int container_mend(struct container *c);

/* SIGKILL to everybody in it, and wait until it is at rest: then it is locked.
 * ENOENT: with --rm it is gone. */
int container_kill(struct container *c);

/* A descriptor of its first process; ESRCH: it has none. */
int container_pidfd(const struct container *c);

/* Its cgroup, as its runtime knows it (0: there is nothing of it), to be
 * closed; -1: it has none, or does not run. */
int container_open_cgroup(const char *root, const char *id,
			  struct cgroup *cgroup);
/* Is it frozen?  Its cgroup knows. */
bool container_is_paused(const char *root, const char *id);

/*
 * Clean up after monitors and clients that were killed: every container below
 * `root` whose lock is free but of which there is more than files is undone,
 * and on record as exited.  Called by every ordinary command first; fast when
 * there is nothing to do.
 */
int container_recover(const char *root);

/*
 * Where the runtime's own mounts are, up to a NULL: what is there is nobody's
 * change.  Docker has it in a layer of its own, the init layer, and so neither
 * tells nor commits it.
 */
extern const char *const container_own_places[];

/* --restart, for the monitor. */
struct restart_policy
container_restart_policy(const struct settings *settings);

/* mydocker/ID, or /PARENT/ID with --cgroup-parent (or NULL): the name that its
 * cgroup will have.  The caller frees. */
char *container_cgroup_name(const char *id, const char *parent);

#endif
