/*
 * record.h - containers on disk: what is known of each, and whose it is.
 *
 *	ROOT/containers/ID/record.json	this file's struct, written atomically
 *	ROOT/containers/ID/name		its name, since it was renamed
 *	ROOT/containers/ID/settings.json	what was asked for (settings.h)
 *	ROOT/containers/ID/lock		held (flock) by its monitor, else by
 *					who starts or undoes it
 *	ROOT/containers/ID/change	held by who changes the settings
 *	ROOT/containers/ID/stopped	somebody has stopped it (stop.h)
 *	ROOT/containers/ID/monitor.sock	of its monitor (protocol.h)
 *	ROOT/containers/ID/ID-json.log	what it said (jsonlog.h)
 *	ROOT/containers/ID/exec-EXECID	of an `exec` under way (execs.h)
 *	ROOT/containers/ID/upper, work	the container's layer (work: overlay)
 *	ROOT/containers/ID/daemon	of its mydocker-aufs (union.h)
 *	ROOT/containers/ID/rootfs	where its root is mounted, inside only
 *	ROOT/containers/ID/hostname, hosts, resolv.conf
 *
 * The lock is how the living are told from the dead: the kernel drops it when
 * its holder dies, however it dies.  Every name of a kernel object (cgroup,
 * interface, lease) is made of the id, so whoever finds a record whose lock is
 * free can undo all of the container without having been told what was done.
 */
#ifndef RECORD_H
#define RECORD_H

#include "base.h"
#include "storage.h"

#define ID_LENGTH 64
#define SHORT_ID 12

enum container_status {
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_RESTARTING, /* it has ended, and the monitor waits */
	STATUS_EXITED,
};

struct record {
	char id[ID_LENGTH + 1];
	char *name;
	char *image;	/* as the user called it */
	char *image_id;
	char *command;	/* for people: the words joined by blanks */
	char *ports;	/* for people: "0.0.0.0:8080->80/tcp" */
	char *address;	/* in its network; or NULL */
	enum storage driver; /* that its layers are for */
	enum container_status status;
	/* Nanoseconds since 1970; 0: not yet. */
	int64_t created_ns, started_ns, finished_ns;
	pid_t pid;	/* of the container's process 1, seen from the host */
	int exit_code;
	bool remove;	/* --rm */
	bool oom_killed; /* the memory ran out while it ran */
	unsigned int restarts;
	char *error;	/* what went wrong with it, or NULL */
	char *health;	/* "starting", "healthy", "unhealthy"; NULL: none */
};
void record_free(struct record *record);
/* Not yet begun, or ended for good. */
bool record_is_at_rest(const struct record *record);
#define auto_record __attribute__((cleanup(record_free), unused))

/* The time of day, as records have it; and in whole seconds. */
int64_t record_now(void);
#define RECORD_SECONDS(ns) ((ns) / 1000000000)

/* The directory ROOT/containers, made when missing.  Returns a descriptor. */
int records_open(const char *root);

/*
 * A new container: gives it an id and, where `name` is NULL, a name; makes its
 * directory and holds its lock.  Refuses a name that is taken.  `*dir` and
 * `*lock` are the caller's.
 */
int record_create(int containers, struct record *record, int *dir, int *lock);
int record_save(int dir, const struct record *record);
int record_load(int dir, struct record *record);
bool record_exists(int dir);

/* 64 digits of chance, base 16, as Docker calls containers, and execs. */
int record_invent_id(char id[ID_LENGTH + 1]);

/* Another name, which nobody else may have. */
int record_rename(int containers, int dir, struct record *record,
		  const char *name);

/* Can this be kept in a record?  JSON's strings are UTF-8. */
bool record_is_text(const char *string);

/*
 * Take the lock of a container that may be somebody's.  1: it is ours now;
 * 0: a living runtime holds it; -1: failure, with the code ENOENT when the
 * container has been removed meanwhile.
 */
int record_lock(int dir, int *lock);

/* Hold the lock `change`, which is waited for: of who changes what was asked
 * for (settings.json), however it is with the container.  A descriptor. */
int record_lock_change(int dir);

/* By whole name (or "/name"), whole id, or the beginning of exactly one id.
 * `*dir` is the caller's.  A failure has the code ENOENT when there is none. */
int record_find(int containers, const char *word, struct record *record,
		int *dir);

/* All of them, newest first; the caller frees each and the array. */
struct record *records_list(int containers, size_t *count);

/* Delete the directory and all in it; the caller holds the lock. */
int record_remove(int containers, const char *id);

#endif
