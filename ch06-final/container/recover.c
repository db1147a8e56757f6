/*
 * recover.c - parent.  Containers whose runtime is dead, and those that
 * somebody wants dead.  See container.h.
 */
#include "container.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "sys.h"

#define KILLED (128 + SIGKILL)

int
container_undo(const char *root, int containers, struct record *record,
	       int *dir, int *lock)
{
	struct container c;
	if (container_init(&c, root, NULL) < 0)
		return -1;
	c.record = *record;
	*record = (struct record){ 0 };
	c.record.exit_code = KILLED;
	c.containers = fcntl(containers, F_DUPFD_CLOEXEC, 0);
	c.dir = take_fd(dir);
	c.lock = take_fd(lock);
	return container_down(&c);
}

/*
 * The child of a runtime that was killed dies with it, but not in the same
 * instant, and may hold the lock until then: wait a little for a lock whose
 * container is on record as not running.
 */
static int
lock_patiently(int dir, const struct record *record, int *lock)
{
	for (int tries = 0;; tries++) {
		int ours = record_lock(dir, lock);
		if (ours != 0 || record->status == STATUS_RUNNING ||
		    tries == 20)
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
	if (!record_exists(dir) && record_lock(dir, &lock) == 1)
		result = record_remove(containers, id);
	flock(containers, LOCK_UN);
	return result;
}

static int
recover_one(const char *root, int containers, const char *id)
{
	auto_close int dir = openat(
		containers, id,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : fail("open container %.12s", id);
	auto_record struct record record = { 0 };
	if (record_load(dir, &record) < 0) {
		if (failure.code == ENOENT)
			return remove_rubbish(containers, id, dir);
		return wrap("container %.12s", id);
	}
	if (strcmp(record.id, id) != 0)
		return failx("container %.12s: its record is another's", id);
	auto_close int lock = -1;
	if (record.status == STATUS_EXITED ||
	    lock_patiently(dir, &record, &lock) != 1)
		return 0;
	/* It may have ended by itself between the two looks. */
	record_free(&record);
	if (record_load(dir, &record) < 0 || record.status == STATUS_EXITED)
		return 0;
	if (container_undo(root, containers, &record, &dir, &lock) < 0)
		return wrap("clean up container %.12s", id);
	return 0;
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
	int result = 0;
	struct dirent *entry;
	while ((entry = readdir(listing)))
		if (strlen(entry->d_name) == ID_LENGTH &&
		    recover_one(root, containers, entry->d_name) < 0)
			result = -1;
	/* Leases of the dead go by their own locks. */
	auto_network struct net_network network = { 0 };
	struct failure first = failure;
	if (net_default(&network) < 0 || net_recover(&network) < 0)
		return wrap("clean up the network");
	failure = first;
	return result;
}

int
container_kill(const char *root, struct record *record, int dir)
{
	auto_free char *name = container_cgroup_name(record->id);
	struct cgroup cgroup = { 0 };
	if (cgroup_open(&cgroup, name) < 0)
		return -1;
	int result = cgroup_kill(&cgroup);
	cgroup_close(&cgroup);
	if (result < 0)
		return wrap("kill container %.12s", record->id);
	/* Its runtime sees the end and cleans up; then its lock is free. */
	for (int tries = 0; tries < 500; tries++) {
		auto_close int lock = -1;
		int ours = record_lock(dir, &lock);
		if (ours < 0)
			return failure.code == ENOENT ? 0 : -1;
		close_scoped(&lock);
		if (ours == 1)
			return container_recover(root);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return failx("container %.12s is dead, but its runtime does not end",
		     record->id);
}
