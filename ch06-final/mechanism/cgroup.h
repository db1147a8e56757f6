/*
 * cgroup.h - one container's control groups, the same calls on v1, v2 and
 * hybrid hosts.
 *
 *	struct cgroup cg = { 0 };
 *	if (cgroup_create(&cg, "mydocker/7f3a") < 0 ||
 *	    cgroup_limit(&cg, &(struct cgroup_limits){ .memory = 100 << 20 }) <
		    0)
 *		return -1;
 *	pid_t pid = sys_clone(flags, cgroup_v2_fd(&cg), &pidfd);
 *	if (pid == 0)
 *		cgroup_join(&cg, cgroup_v2_fd(&cg) >= 0);
 *	...
 *	cgroup_kill(&cg);
 *	cgroup_destroy(&cg);
 *	cgroup_close(&cg);
 *
 * A cgroup of that name is made in every hierarchy in which we may (see
 * hierarchy.h): on v2 that is one directory, on v1 one for each controller or
 * group of controllers.  Which of the two a controller is on is nobody's
 * business but this module's.
 *
 * What is not ours is not touched, with one exception that is undone: on v2 a
 * controller reaches our directory only when cgroup.subtree_control of the
 * directory above hands it down.  Where it does not yet, we enable it, note
 * that in an extended attribute of our own directory, and take it back when
 * the last of our directories goes.
 *
 * Limits are in cgroup_limit.h, what is used in cgroup_stat.h.
 *
 * A name is relative to the base of each hierarchy, "mydocker/7f3a".  One that
 * begins with a slash, "/docker/7f3a", is what an engine says: below the mount
 * point, and part of it may be of the engine's making.
 *
 * See cgroups(7); in the kernel's documentation admin-guide/cgroup-v1/ and
 * admin-guide/cgroup-v2.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include "base.h"
#include "hierarchy.h"

/* A limit that is not set, and a number that the kernel does not tell. */
#define CGROUP_NONE UINT64_MAX

/* One directory of ours. */
struct cgroup_dir {
	struct hierarchy in; /* its hierarchy; on v2 the controllers are those
				that have reached this directory */
	char *path;
	int fd;	       /* of the directory, close-on-exec; -1: not there */
	char *lacking; /* v2: why some controllers did not reach it, or NULL */
	/* While it is being made: */
	bool may_exist;	   /* it need not be new */
	bool was_there;	   /* ...and was not */
	bool is_new;	   /* made just now, and given up if a limit fails */
	bool by_engine;	   /* see cgroup_take() */
	const char *wants; /* v2: hand down this controller; NULL: the usual */
	bool is_in;	   /* by cgroup_join_rest(), without a descriptor */
};

struct cgroup {
	char *name;
	struct cgroup_dir dirs[HIERARCHY_MAX];
	size_t count;
};

/*
 * Make the cgroup `name`, "mydocker/7f3a", below the base of every hierarchy.
 * Directories on the way are made as needed; the last must not be there yet,
 * so that no two containers ever share one.  On failure everything made is
 * undone, and `cg` needs no closing.  Fails, with the reasons, where no
 * hierarchy lets us make one: failure.code is then EACCES.
 *
 * A controller that cannot be had is no failure here: it is one of the first
 * call that needs it.
 */
int cgroup_create(struct cgroup *cg, const char *name);

/*
 * The same for a container that an engine asks for, in as few system calls as
 * it takes: it may be there already, made by the engine, as long as nobody but
 * `inmate` (0: nobody at all) lives in it or below and it is not frozen.  On
 * failure such a one stays.
 */
int cgroup_take(struct cgroup *cg, const char *name, pid_t inmate);

/*
 * And that in two halves, for who has a process in the meantime.  The first
 * finds where the directories will be, and makes the one that a child can be
 * born in, v2's.  The second makes the others, into which it has to go itself;
 * `inmate` as above, the child.  When the second fails, what has been made is
 * there for cgroup_end(), and what was there before is let go of.
 */
int cgroup_begin(struct cgroup *cg, const char *name);
int cgroup_complete(struct cgroup *cg, pid_t inmate);

/*
 * Find what there is of `name`: how many of its directories (0: nothing is
 * left of it), or -1.  For another process than the one that created it, and
 * for cleaning up after a crash: cgroup_kill() and cgroup_destroy() work on
 * what was found, however incomplete.
 */
int cgroup_open(struct cgroup *cg, const char *name);

/* Let go of memory and descriptors; the cgroup itself stays. */
void cgroup_close(struct cgroup *cg);

/* Is this controller ("memory"; "io" is found under its name on v1, too,
 * blkio) at work in the cgroup, on v1 or on v2?  And in which of its
 * directories, or NULL: for files of which this module does not know. */
bool cgroup_has(const struct cgroup *cg, const char *controller);
const struct cgroup_dir *cgroup_dir_with(const struct cgroup *cg,
					 const char *controller);

/*
 * hugetlb and rdma of v2 are handed down to a cgroup when somebody asks for
 * them.  The directory that then has the controller, or NULL: there is none on
 * v2, or `failure` has the reason.
 */
const struct cgroup_dir *cgroup_ask_for(const struct cgroup *cg,
					const char *controller);

/* The descriptor to clone into (CLONE_INTO_CGROUP), or -1: no v2 here. */
int cgroup_v2_fd(const struct cgroup *cg);

/*
 * Called in the child, while it has one thread: go into the v1 cgroups, and
 * into the v2 one unless it was `born_there`.
 *
 * A task that writes its own "0" to v1's `tasks` moves at once.  Moving any
 * other process, or oneself by way of cgroup.procs, takes a lock of the whole
 * host and waits for an RCU grace period of about 10 ms.
 *
 * A new cgroup namespace has the cgroup of its maker as its root: enter one
 * (unshare(2), CLONE_NEWCGROUP) after joining, not before.
 */
int cgroup_join(const struct cgroup *cg, bool born_there);

/* The same for a child that was there between the two halves of making it: into
 * those directories that its copy of `cg` has not open, by their paths.  One
 * that was not made is passed over; the others `is_in`. */
int cgroup_join_rest(struct cgroup *cg);

/* ---- the end ------------------------------------------------------------ */

/*
 * Stop every process in it and below, or let them go on, and wait (for two
 * seconds at most) until the kernel says that it is so.  By the freezer of v1
 * or cgroup.freeze of v2 (Linux 5.2).
 */
int cgroup_freeze(const struct cgroup *cg, bool frozen);

/* Has anybody asked for that?  0 also where there is no freezer at all. */
int cgroup_is_frozen(const struct cgroup *cg);

/*
 * Kill every process in it and below, frozen ones and those that are just
 * being forked included, and wait until there is none left: ten seconds at
 * most.  By cgroup.kill (v2, Linux 5.14), elsewhere by freezing all, killing
 * each, and thawing.  Nothing to do is success; a process that is in there
 * itself is refused.
 *
 * This is for the end of a cgroup.  A cgroup that cgroup.kill was used on is
 * no good for CLONE_INTO_CGROUP any more: kernels since early 2025 (seen on
 * 6.18) compare how often the cgroup of the parent and that of the child were
 * killed, to catch a fork that races with a kill, and end the child at birth
 * with SIGKILL when the numbers differ.
 */
int cgroup_kill(const struct cgroup *cg);

/*
 * Remove its directories, with any that its processes made below, then the
 * directories above that cgroup_create() made and that are now empty.  Two
 * seconds at most are spent on waiting for processes that are about to be
 * gone; a living one is a failure that names it, and then nothing was removed.
 * May be called twice.
 */
int cgroup_destroy(const struct cgroup *cg);

/*
 * Both: kill whoever is left, and remove it.  Where nobody is left, which the
 * kernel knows best, that is one rmdir(2) in each hierarchy.
 */
int cgroup_end(const struct cgroup *cg);

#endif
