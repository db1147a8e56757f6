/* cgroup_end.c - freezing, killing and removing; see cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_stat.h"
#include "subtree.h"
#include "sys.h"

/* ---- patience ----------------------------------------------------------- */

#define FREEZE_MS 2000
#define FREEZE_TO_KILL_MS 200 /* best effort */
#define KILL_MS 10000
#define REMOVE_MS 2000

/* Waiting in short naps that grow, up to a deadline. */
struct patience {
	struct timespec deadline;
	long nap_us;
};

static struct patience
patience(int milliseconds)
{
	struct patience p = { .nap_us = 50 };
	clock_gettime(CLOCK_MONOTONIC, &p.deadline);
	p.deadline.tv_sec += milliseconds / 1000;
	p.deadline.tv_nsec += milliseconds % 1000 * 1000000L;
	if (p.deadline.tv_nsec >= 1000000000L) {
		p.deadline.tv_sec++;
		p.deadline.tv_nsec -= 1000000000L;
	}
	return p;
}

/* A nap; false when the deadline has passed. */
static bool
nap(struct patience *p)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > p->deadline.tv_sec ||
	    (now.tv_sec == p->deadline.tv_sec &&
	     now.tv_nsec >= p->deadline.tv_nsec))
		return false;
	nanosleep(&(struct timespec){ .tv_nsec = 1000 * p->nap_us }, NULL);
	if (p->nap_us < 10000)
		p->nap_us *= 2;
	return true;
}

/* ---- members ------------------------------------------------------------ */

/* The processes listed in one directory. */
struct members {
	pid_t *pids;
	size_t count;
};

static void
free_members(struct members *members)
{
	free(members->pids);
}
#define auto_members __attribute__((cleanup(free_members)))

/* A cgroup that is gone, or a threaded one, whose processes its root lists,
 * has none. */
static int
read_members(int dir, struct members *members)
{
	*members = (struct members){ 0 };
	auto_free char *lines = read_all(dir, "cgroup.procs", NULL);
	if (!lines)
		return failure.code == ENODEV || failure.code == ENOENT ||
				       failure.code == EOPNOTSUPP ?
			       0 :
			       -1;
	size_t room = 0;
	char *rest = lines;
	for (char *line; (line = strtok_r(rest, "\n", &rest));) {
		uint64_t pid;
		if (parse_number(line, 0, INT32_MAX, &pid) < 0)
			return wrap("read cgroup.procs");
		if (members->count == room) {
			room = room ? 2 * room : 64;
			members->pids = resize_bytes(
				members->pids, room * sizeof(pid_t));
		}
		members->pids[members->count++] = pid;
	}
	return 0;
}

static bool
is_member(const struct members *members, pid_t pid)
{
	for (size_t i = 0; i < members->count; i++)
		if (members->pids[i] == pid)
			return true;
	return false;
}

/* What a walk over a cgroup and all below it has met. */
struct census {
	size_t alive; /* processes */
	pid_t one;    /* of them, to be named */
	bool has_us;  /* is one of them this process? */
	bool kills;
	int depth;
};

/* How many pidfds are held at a time. */
#define KILL_BATCH 64

/*
 * Kill some of the members of `dir`.  A pid may be given to another process
 * between reading it and signalling it.  So: hold it by pidfd, read the list
 * again, and signal only who is on it still.  If the one held was a stranger,
 * the pid was his at that second look, and could not be on the list.
 */
static int
kill_batch(int dir, const pid_t *pids, size_t count)
{
	int fds[KILL_BATCH];
	for (size_t i = 0; i < count; i++)
		fds[i] = pids[i] > 0 ? sys_pidfd_open(pids[i]) : -1;
	auto_members struct members still = { 0 };
	int result = read_members(dir, &still);
	for (size_t i = 0; i < count; i++) {
		if (result == 0 && fds[i] >= 0 && is_member(&still, pids[i]))
			sys_pidfd_send_signal(fds[i], SIGKILL);
		close_scoped(&fds[i]);
	}
	return result;
}

static int
visit_members(int dir, int parent, const char *name, void *data)
{
	(void)parent, (void)name;
	struct census *census = data;
	auto_members struct members members = { 0 };
	if (read_members(dir, &members) < 0)
		return -1;
	if (members.count > 0) {
		census->alive += members.count;
		census->one = members.pids[0];
	}
	census->has_us |= is_member(&members, getpid());
	for (size_t i = 0; census->kills && i < members.count;
	     i += KILL_BATCH) {
		size_t left = members.count - i;
		if (kill_batch(dir, members.pids + i,
			       left < KILL_BATCH ? left : KILL_BATCH) < 0)
			return -1;
	}
	if (++census->depth > SUBTREE_DEPTH)
		return failx("cgroups are nested more than %d deep",
			     SUBTREE_DEPTH);
	int result = subtree_each_child(dir, visit_members, census);
	census->depth--;
	return result;
}

/* Count, and with `kills` kill, everybody in all hierarchies. */
static int
take_census(const struct cgroup *cg, bool kills, struct census *census)
{
	*census = (struct census){ 0 };
	for (size_t i = 0; i < cg->count; i++) {
		struct census here = { .kills = kills };
		if (cg->dirs[i].fd >= 0 &&
		    visit_members(cg->dirs[i].fd, -1, NULL, &here) < 0)
			return -1;
		here.has_us |= census->has_us;
		/* Most are in all of them, and are counted once. */
		if (here.alive > census->alive)
			*census = here;
		census->has_us = here.has_us;
	}
	return 0;
}

/* ---- freezing ----------------------------------------------------------- */

/* Write to the freezer and ask whether it has come to pass: 1, 0, or -1. */
static int
freeze_v1(int dir, bool frozen)
{
	const char *wish = frozen ? "FROZEN" : "THAWED";
	char state[32];
	/* Written each time: a fork during FREEZING can escape the first. */
	if (write_text(dir, "freezer.state", wish) < 0 ||
	    read_text(dir, "freezer.state", state, sizeof(state)) < 0)
		return -1;
	return strcmp(state, wish) == 0;
}

static int
freeze_v2(int dir, bool frozen)
{
	uint64_t is_frozen;
	if (write_text(dir, "cgroup.freeze", frozen ? "1" : "0") < 0 ||
	    cgroup_read_number(dir, "cgroup.events", "frozen", &is_frozen) < 0)
		return -1;
	return is_frozen == frozen;
}

static int
freeze_within(const struct cgroup *cg, bool frozen, int milliseconds)
{
	const struct cgroup_dir *v1 = cgroup_dir_with(cg, "freezer");
	int v2 = cgroup_v2_fd(cg);
	if (!v1 && v2 < 0)
		return failx("freeze cgroup %s: there is neither a freezer "
			     "controller nor a v2 hierarchy", cg->name);
	struct patience p = patience(milliseconds);
	do {
		int done = v1 ? freeze_v1(v1->fd, frozen) :
				freeze_v2(v2, frozen);
		if (done < 0)
			return wrap("%s cgroup %s",
				    frozen ? "freeze" : "thaw", cg->name);
		if (done)
			return 0;
	} while (nap(&p));
	return failx("%s cgroup %s: not all of its processes obeyed in time "
		     "(one may be in an uninterruptible sleep, or a cgroup "
		     "above it is frozen)", frozen ? "freeze" : "thaw",
		     cg->name);
}

int
cgroup_freeze(const struct cgroup *cg, bool frozen)
{
	return freeze_within(cg, frozen, FREEZE_MS);
}

int
cgroup_is_frozen(const struct cgroup *cg)
{
	const struct cgroup_dir *v1 = cgroup_dir_with(cg, "freezer");
	int v2 = cgroup_v2_fd(cg);
	char state[32];
	if (v1 && read_text(v1->fd, "freezer.state", state, sizeof(state)) >= 0)
		return strcmp(state, "THAWED") != 0;
	if (!v1 && v2 >= 0 &&
	    read_text(v2, "cgroup.freeze", state, sizeof(state)) >= 0)
		return strcmp(state, "1") == 0;
	return (!v1 && v2 < 0) || failure.code == ENOENT ? 0 : -1;
}

/* ---- killing ------------------------------------------------------------ */

/* v2's own way; false where there is none. */
static bool
kill_at_once(const struct cgroup *cg)
{
	int v2 = cgroup_v2_fd(cg);
	return v2 >= 0 && write_text(v2, "cgroup.kill", "1") == 0;
}

/*
 * Frozen, nobody forks while the list is read.  What the freezer cannot do is
 * no failure here: the next round finds who was born meanwhile.
 */
static int
kill_one_by_one(const struct cgroup *cg)
{
	struct census census;
	freeze_within(cg, true, FREEZE_TO_KILL_MS);
	return take_census(cg, true, &census);
}

struct thawing {
	const char *file, *value;
	int depth;
};

static int
thaw_with_all_below(int dir, int parent, const char *name, void *data)
{
	(void)parent, (void)name;
	struct thawing *thawing = data;
	write_text(dir, thawing->file, thawing->value);
	if (thawing->depth++ < SUBTREE_DEPTH)
		subtree_each_child(dir, thaw_with_all_below, thawing);
	thawing->depth--;
	return 0;
}

/* A frozen process of v1 does not even die: let go of all, those too of whom
 * somebody has frozen a cgroup below ours. */
static void
thaw(const struct cgroup *cg)
{
	struct thawing v1 = { "freezer.state", "THAWED", 0 };
	struct thawing v2 = { "cgroup.freeze", "0", 0 };
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		if (dir->fd >= 0 && dir->in.version == 2)
			thaw_with_all_below(dir->fd, -1, NULL, &v2);
		else if (dir->fd >= 0 &&
			 hierarchy_list_has(dir->in.controllers, "freezer"))
			thaw_with_all_below(dir->fd, -1, NULL, &v1);
	}
}

int
cgroup_kill(const struct cgroup *cg)
{
	struct patience p = patience(KILL_MS);
	struct census census;
	bool at_once = false;
	for (int round = 0;; round++) {
		if (take_census(cg, false, &census) < 0)
			return wrap("kill cgroup %s", cg->name);
		if (census.alive == 0)
			return 0;
		/* To die half-way through would leave the rest alive. */
		if (census.has_us)
			return failx("kill cgroup %s: this process is in it",
				     cg->name);
		/* After cgroup.kill there is dying to be waited for, and then
		 * only who is in the v1 cgroups alone is left. */
		if (round == 0)
			at_once = kill_at_once(cg);
		int result = round % 8 == (at_once ? 7 : 0) ?
				     kill_one_by_one(cg) :
				     0;
		thaw(cg);
		if (result < 0)
			return wrap("kill cgroup %s", cg->name);
		if (!nap(&p))
			return failx("kill cgroup %s: %zu processes are still "
				     "alive, one of them %d", cg->name,
				     census.alive, census.one);
	}
}

/* ---- removing ----------------------------------------------------------- */

/* The directory behind a descriptor, for whoever follows with -v. */
static char *
name_of(int dir)
{
	char path[4096];
	auto_free char *link = text("/proc/self/fd/%d", dir);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	return text("%.*s", length < 0 ? 0 : (int)length, path);
}

static int
remove_now(int parent, const char *name)
{
	auto_free char *above = trace_hook ? name_of(parent) : NULL;
	return trace(unlinkat(parent, name, AT_REMOVEDIR),
		     "unlinkat(%d<%s>, \"%s\", AT_REMOVEDIR)", parent, above,
		     name);
}

/* rmdir(2), as long as it says EBUSY: the dead take a moment to be gone. */
static int
remove_patiently(int parent, const char *name, struct patience *p)
{
	do {
		if (remove_now(parent, name) == 0 || errno == ENOENT)
			return 0;
	} while (errno == EBUSY && nap(p));
	return fail("remove cgroup %s", name);
}

struct removal {
	struct patience patience;
	int depth;
};

static int
remove_below(int dir, int parent, const char *name, void *data)
{
	struct removal *removal = data;
	if (++removal->depth > SUBTREE_DEPTH)
		return failx("cgroups are nested more than %d deep",
			     SUBTREE_DEPTH);
	int result = subtree_each_child(dir, remove_below, data);
	removal->depth--;
	if (result < 0)
		return -1;
	return remove_patiently(parent, name, &removal->patience);
}

/* The directory above the last part of `path`, and that part. */
static int
open_parent(const char *path, const char **last)
{
	auto_free char *parent = copy_text(path);
	char *slash = strrchr(parent, '/');
	*slash = '\0';
	*last = strrchr(path, '/') + 1;
	return open(parent, SUBTREE_OPEN);
}

/* What of the name is below the base. */
static const char *
below_base(const struct cgroup_dir *dir)
{
	return dir->path + strlen(dir->in.base) + 1;
}

/*
 * Remove the leaf.  One of the same name that somebody made after ours was
 * gone is another one, and not ours to remove.
 */
static int
remove_leaf(const struct cgroup_dir *dir, struct patience *p)
{
	bool is_first = !strchr(below_base(dir), '/');
	const char *name;
	struct stat ours, there;
	if (dir->fd < 0)
		return 0;
	auto_close int parent = open_parent(dir->path, &name);
	if (parent < 0)
		return errno == ENOENT ? 0 : fail("open %s/..", dir->path);
	if (fstat(dir->fd, &ours) < 0 ||
	    fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
	    ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
		return 0;
	if (is_first && dir->in.version == 2)
		subtree_take_back(parent, dir->fd, name);
	return remove_patiently(parent, name, p) < 0 ? wrap("%s", dir->path) :
						       0;
}

/* Remove what cgroup_create() made above the leaf and nobody uses any more. */
static void
remove_parents(const struct cgroup_dir *dir)
{
	auto_free char *path = copy_text(dir->path);
	size_t base = below_base(dir) - dir->path;
	for (;;) {
		*strrchr(path, '/') = '\0';
		if (strlen(path) < base)
			return;
		const char *last;
		auto_close int fd = open(path, SUBTREE_OPEN);
		if (fd < 0 && errno == ENOENT)
			continue;
		auto_close int parent = open_parent(path, &last);
		if (fd < 0 || parent < 0 || !subtree_is_ours(fd) ||
		    subtree_has_children(fd))
			return;
		bool is_first = last == path + base;
		if (is_first && dir->in.version == 2)
			subtree_take_back(parent, fd, last);
		if (remove_now(parent, last) < 0)
			return;
	}
}

/* Wait until nobody lives in it or below, without holding the lock. */
static int
wait_until_empty(const struct cgroup *cg, struct patience *p)
{
	struct census census;
	do {
		if (take_census(cg, false, &census) < 0)
			return -1;
		if (census.alive == 0)
			return 0;
	} while (nap(p));
	return failx("%zu processes are alive in it, one of them %d",
		     census.alive, census.one);
}

/* Nobody lives in it any more. */
static int
remove_empty(const struct cgroup *cg, struct patience patience)
{
	struct removal removal = { .patience = patience };
	if (cg->count == 0)
		return 0;
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].fd >= 0 &&
		    subtree_each_child(cg->dirs[i].fd, remove_below,
				       &removal) < 0)
			return wrap("remove cgroup %s", cg->dirs[i].path);

	auto_close int lock = subtree_lock(cg->dirs[0].in.base);
	if (lock < 0)
		return wrap("remove cgroup %s", cg->name);
	struct failure first = { 0 };
	int result = 0;
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		if (remove_leaf(dir, &removal.patience) < 0 &&
		    result == 0) {
			first = failure;
			result = -1;
		}
		remove_parents(dir);
	}
	if (result < 0)
		failure = first;
	return result;
}

int
cgroup_destroy(const struct cgroup *cg)
{
	struct patience p = patience(REMOVE_MS);
	return wait_until_empty(cg, &p) < 0 ?
		       wrap("remove cgroup %s", cg->name) :
		       remove_empty(cg, p);
}

/* ---- both --------------------------------------------------------------- */

/* The last one in a directory that we made is to take that along. */
static bool
has_neighbours(const struct cgroup_dir *dir)
{
	struct stat above;
	auto_free char *path = copy_text(dir->path);
	*strrchr(path, '/') = '\0';
	return !strchr(below_base(dir), '/') ||
	       (stat(path, &above) == 0 && above.st_nlink > 2);
}

/*
 * rmdir(2) refuses a cgroup with processes or children in it, so what it does
 * not refuse needed no killing.  False: there is more to do.  `*was_last`: what
 * is above one of them may go along.
 */
static bool
remove_at_once(const struct cgroup *cg, bool *was_last)
{
	bool all = true;
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_dir *dir = &cg->dirs[i];
		if (dir->fd < 0)
			continue;
		if (dir->in.version == 2 && subtree_has_note(dir->fd))
			all = false;
		else if (remove_now(AT_FDCWD, dir->path) < 0)
			return false;
		else if (!has_neighbours(dir))
			*was_last = true;
	}
	return all;
}

/* Of what was made together the first is removed first: as long as it is there
 * nobody has begun to remove this cgroup and to make another of its name. */
static bool
is_whole(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->dirs[i].fd >= 0)
			return faccessat(cg->dirs[i].fd, "cgroup.procs", F_OK,
					 0) == 0;
	return false;
}

int
cgroup_end(const struct cgroup *cg)
{
	bool was_last = false;
	if (!is_whole(cg) || !remove_at_once(cg, &was_last))
		return cgroup_kill(cg) < 0 ?
			       -1 : remove_empty(cg, patience(REMOVE_MS));
	if (!was_last)
		return 0;
	auto_close int lock = subtree_lock(cg->dirs[0].in.base);
	if (lock < 0)
		return wrap("remove what is above cgroup %s", cg->name);
	for (size_t i = 0; i < cg->count; i++)
		remove_parents(&cg->dirs[i]);
	return 0;
}
