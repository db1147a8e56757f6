/*
 * state.h - containers on disk: what is known of each, and who holds it.
 *
 *	ROOT/ID/state.json	this file's struct, written atomically
 *	ROOT/ID/config.json	the bundle's, as it was at `create`
 *	ROOT/ID/lock		held (flock) by the command that changes it
 *	ROOT/ID/exec.sock	where the container waits for `start`
 *
 * Whether a container lives is never known from the pid alone: it may have
 * been given to another process since, and the machine may have been started
 * anew.  A process is the one we mean when it has the pid, the start time
 * (field 22 of /proc/PID/stat) and the boot (random/boot_id) that are noted
 * here.
 */
#ifndef STATE_H
#define STATE_H

#include "base.h"
#include "oci_state.h"

#define STATE_ROOT "/run/mydocker-oci"

struct state {
	char *id;
	char *bundle; /* absolute */
	char *rootfs; /* absolute, for `list` and friends */
	char *cgroup; /* its name, for cgroup_open(); NULL: it has none */
	char *kept;   /* ...but for these of its directories: others' */
	bool systemd; /* ...and its unit is systemd's */
	bool in_class; /* `update` has given it a class of resctrl (rdt.h) */
	pid_t pid;    /* of the first process; 0: not yet */
	uint64_t start_time; /* of that process, in clock ticks since boot */
	char boot[40];	     /* which boot: random/boot_id */
	bool started;	     /* `start` has been told to go */
	bool restored;	     /* by criu, which gives it clocks of its own */
	bool abandoned;	     /* not kept: `create` died half-way */
	int64_t created_ns;  /* since 1970 */
	uid_t owner;	     /* who called `create` */
};
void state_free(struct state *state);
#define auto_state __attribute__((cleanup(state_free), unused))

/* A new directory for `id`, with its lock held.  EEXIST when there is one. */
int state_create(const char *root, const char *id, int *dir, int *lock);
/* Let go of both, in one call where they are neighbours, as they are then. */
void state_close(int *dir, int *lock);

/* Where a container keeps its files; the caller frees. */
char *state_path(const char *root, const char *id);

/*
 * An existing one.  `lock` NULL: to read; otherwise the lock is waited for and
 * the caller's.  ENOENT, in the words engines look for, when there is none.
 * Of one whose `create` was killed early there may be nothing but the id.
 */
int state_open(const char *root, const char *id, struct state *state,
	       int *dir, int *lock);

/* Let others have it for a while, and take it back: 1, or 0 when they have
 * deleted the container meanwhile. */
void state_unlock(int lock);
int state_lock_again(int lock);

int state_save(int dir, const struct state *state);
/* In two parts: what takes time, and the moment from which others see it. */
int state_save_beside(int dir, const struct state *state);
int state_put_in_place(int dir);

/*
 * A file of the directory.  Nobody but the holder of the lock writes there, and
 * nobody reads but what state.json speaks of: so it is written in place, and
 * before that is renamed.  Not synced: of another boot's state it is known that
 * nothing lives.
 */
int state_write(int dir, const char *name, const char *content);

/* The directory goes, with all in it; the caller holds the lock, and `dir`, or
 * -1: it is opened.  One that is not there is removed already.  STATE_ROOT goes
 * with the last. */
int state_remove(const char *root, const char *id, int dir);

/* The ids of all, sorted, ending with NULL; the caller frees each and the
 * array.  A `root` that is not there has none; NULL: it cannot be read. */
char **state_list(const char *root);

/*
 * A descriptor of the first process, or -1 with the code ESRCH when it has
 * ended (a zombie has).  Whoever has the descriptor can signal and join it
 * without hitting another.
 */
int state_pidfd(const struct state *state);

/* Fill in from `pid`, a child of ours or one we trace: its start_time, and
 * return the CPU it is on (proc_pid_stat(5)), or -1; boot and pid, and
 * start_time if that has not been done. */
int state_note_birth(struct state *state, pid_t pid);
int state_note_process(struct state *state, pid_t pid);

/*
 * What the container is at this moment: creating, created, running, stopped.
 * (Paused is for those who look at its cgroup: runtime_status().)
 */
enum oci_status state_status(const struct state *state);

#endif
