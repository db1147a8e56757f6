/*
 * recover.c - parent.  The end of a container: of one that ended by itself, of
 * one whose monitor is dead, and of one that somebody wants dead.  See
 * container.h.
 */
#include "container.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "protocol.h"
#include "core.h"
#include "rootless.h"
#include "runtime.h"
#include "shm.h"
#include "steps.h"
#include "union.h"

#define KILLED (128 + SIGKILL)

int
container_end(struct container *c)
{
	if (container_undo(c) < 0)
		return -1;
	if (c->record.remove && c->record.status == STATUS_EXITED)
		return container_remove(c);
	return 0;
}

/* ---- what the dead left ------------------------------------------------- */

/*
 * A monitor takes its socket along, and whoever undoes a container what the
 * runtime knows of it.  If one of these is there, then who had the lock was
 * killed; or is at it at this moment, and has it.
 */
static bool
has_remains(const char *root, const char *id, int dir)
{
	auto_free char *place = core_root(root);
	auto_free char *state = text("%s/%s", place, id);
	return faccessat(dir, PROTOCOL_SOCKET, F_OK, 0) == 0 ||
	       access(state, F_OK) == 0 || union_has_daemon(dir) ||
	       shm_is_left(dir);
}

/* Who made it was killed, or the machine was off, before all of its files were
 * there: nobody has been told of it. */
static bool
is_half_made(const struct container *c)
{
	return c->record.status == STATUS_CREATED &&
	       faccessat(c->dir, SETTINGS_FILE, F_OK, 0) < 0 && errno == ENOENT;
}

/* Nobody was killed, or was able to leave anything. */
static bool
is_whole(const struct container *c)
{
	return record_is_at_rest(&c->record) && !is_half_made(c) &&
	       !has_remains(c->root, c->record.id, c->dir);
}

int
container_tidy(struct container *c)
{
	if (!has_remains(c->root, c->record.id, c->dir))
		return 0;
	unlinkat(c->dir, PROTOCOL_SOCKET, 0);
	return container_undo(c);
}

/* The child of a starter that was killed dies with it, but not in the same
 * instant, and may hold the lock until then. */
static int
lock_patiently(int dir, const struct record *record, int *lock)
{
	for (int tries = 0;; tries++) {
		int ours = record_lock(dir, lock);
		if (ours != 0 || !record_is_at_rest(record) || tries == 20)
			return ours;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

/*
 * A directory without a record: what a removal or a creation that was killed
 * left, or one that is being made at this moment.  Whoever makes one holds the
 * lock of the whole directory until the record is there.
 */
static int
remove_rubbish(int containers, const char *id, int dir)
{
	if (flock(containers, LOCK_EX) < 0)
		return fail("lock the directory of containers");
	int result = 0;
	auto_close int lock = -1;
	/* The lock may have gone before it, or never have come. */
	if (!record_exists(dir) && (record_lock(dir, &lock) == 1 ||
				    failure.code == ENOENT))
		result = record_remove(containers, id);
	flock(containers, LOCK_UN);
	return result;
}

/* Locked, and not what it should be.  Its input and output are lost with the
 * monitor, and nobody can be given them again: so it ends. */
static int
repair(struct container *c)
{
	bool was_up = !record_is_at_rest(&c->record);
	unlinkat(c->dir, PROTOCOL_SOCKET, 0);
	if (container_undo(c) < 0)
		return -1;
	if (was_up) {
		c->record.status = STATUS_EXITED;
		c->record.pid = 0;
		c->record.exit_code = KILLED;
		c->record.finished_ns = record_now();
		free(c->record.error);
		c->record.error =
			copy_text("its monitor was killed, and it with it");
	}
	if (c->record.remove || is_half_made(c))
		return container_remove(c);
	return was_up ? record_save(c->dir, &c->record) : 0;
}

/*
 * To kill all of a cgroup it is frozen first, so that nobody gets away.  If who
 * does that is killed himself before he thaws it, it is dead and cannot die.
 * So process 1 is killed before: it tells a container in this state from one
 * that somebody has paused.
 */
static int
kill_all(const struct container *c)
{
	auto_free char *root = core_root(c->root);
	/* It may have ended, and others of its cgroup live. */
	runtime_kill(root, c->record.id, SIGKILL, false);
	if (runtime_kill(root, c->record.id, SIGKILL, true) < 0 &&
	    failure.code != ENOENT && failure.code != ESRCH)
		return wrap("kill container %.12s", c->record.id);
	return 0;
}

/* Is there a SIGKILL that its process 1 has yet to take? */
static bool
is_doomed(const struct record *record)
{
	char status[4096];
	struct failure kept = failure;
	auto_free char *path = text("/proc/%d/status", record->pid);
	bool is_there = record->pid > 0 &&
			read_text(AT_FDCWD, path, status, sizeof(status)) >= 0;
	const char *pending = is_there ? strstr(status, "\nShdPnd:") : NULL;
	failure = kept;
	return pending && strtoull(pending + strlen("\nShdPnd:"), NULL, 16) &
				  UINT64_C(1) << (SIGKILL - 1);
}

int
container_mend(struct container *c)
{
	if (is_whole(c))
		return 0;
	bool goes = c->record.remove || is_half_made(c);
	if (repair(c) < 0)
		return wrap("clean up container %.12s", c->record.id);
	if (!goes)
		return 0;
	failx("No such container: %s", c->record.name);
	failure.code = ENOENT;
	return -1;
}

int
container_claim(struct container *c)
{
	int ours = container_lock(c);
	return ours > 0 && container_mend(c) < 0 ? -1 : ours;
}

static int
recover_one(const char *root, int containers, const char *id)
{
	auto_container struct container c;
	container_init(&c, root, NULL);
	c.dir = openat(containers, id,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c.dir < 0)
		return errno == ENOENT ? 0 : fail("open container %.12s", id);
	if (record_load(c.dir, &c.record) < 0) {
		if (failure.code == ENOENT)
			return remove_rubbish(containers, id, c.dir);
		return wrap("container %.12s", id);
	}
	if (strcmp(c.record.id, id) != 0)
		return failx("container %.12s: its record is another's", id);
	if (is_whole(&c))
		return 0;
	if (lock_patiently(c.dir, &c.record, &c.lock) != 1)
		return is_doomed(&c.record) ? kill_all(&c) : 0;
	/* It may have ended by itself between the two looks. */
	record_free(&c.record);
	if (record_load(c.dir, &c.record) < 0 || is_whole(&c))
		return 0;
	c.containers = fcntl(containers, F_DUPFD_CLOEXEC, 3);
	return repair(&c) < 0 ? wrap("clean up container %.12s", id) : 0;
}

int
container_recover(const char *root)
{
	auto_close int containers = records_open(root);
	if (containers < 0)
		return -1;
	int own = openat(containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *listing = own < 0 ? NULL : fdopendir(own);
	if (!listing)
		return fail("list the containers");
	struct failure first = { 0 };
	struct dirent *entry;
	while ((entry = readdir(listing)))
		if (strlen(entry->d_name) == ID_LENGTH &&
		    recover_one(root, containers, entry->d_name) < 0 &&
		    !first.text[0])
			first = failure;
	/* Leases of the dead go by their own locks. */
	auto_network struct net_network network = { 0 };
	if (net_default(&network) < 0 || net_recover(&network) < 0 ||
	    /* An ordinary user has one at a time, and when all in it have been
	     * killed nobody can enter it any more. */
	    (rootless_is_inside() && net_forget_others(&network) < 0))
		return wrap("clean up the network");
	if (attachments_mend(root) < 0)
		return wrap("clean up the names of the networks");
	failure = first;
	return first.text[0] ? -1 : 0;
}

/* ---- what somebody wants dead ------------------------------------------- */

int
container_pidfd(const struct container *c)
{
	auto_state struct state state = { 0 };
	auto_free char *root = core_root(c->root);
	enum oci_status status;
	if (runtime_look(root, c->record.id, &state, NULL, &status) < 0) {
		if (failure.code == ENOENT)
			failure.code = ESRCH;
		return -1;
	}
	return state_pidfd(&state);
}

int
container_open_cgroup(const char *root, const char *id, struct cgroup *cgroup)
{
	auto_state struct state state = { 0 };
	auto_free char *place = core_root(root);
	enum oci_status status;
	if (runtime_look(place, id, &state, NULL, &status) < 0)
		return -1;
	return state.cgroup ? cgroup_open(cgroup, state.cgroup) : 0;
}

bool
container_is_paused(const char *root, const char *id)
{
	struct cgroup cgroup = { 0 };
	struct failure kept = failure;
	bool paused = container_open_cgroup(root, id, &cgroup) > 0 &&
		      cgroup_is_frozen(&cgroup) > 0;
	cgroup_close(&cgroup);
	failure = kept;
	return paused;
}

static int
kill_once(const struct container *c)
{
	/* Where there is no monitor it cannot be restarted, either; and one
	 * that has no time for us lets go of all its clients at the end. */
	if (attach_stop(c->dir, 0) < 0 && !attach_is_gone() &&
	    failure.code != ECONNRESET)
		return -1;
	return kill_all(c);
}

int
container_kill(struct container *c)
{
	/* Its monitor sees the end and cleans up; then the lock is free.  What
	 * is just being started may have had nothing yet that could be killed,
	 * and nobody to be told: so this is said again. */
	for (int tries = 0; tries < 10000; tries++) {
		if (tries % 64 == 0 && kill_once(c) < 0)
			return -1;
		int ours = record_lock(c->dir, &c->lock);
		if (ours < 0)
			return -1;
		if (ours > 0) {
			record_free(&c->record);
			return record_load(c->dir, &c->record);
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return failx("container %.12s was killed, but whoever starts or ends "
		     "it is not done", c->record.id);
}
