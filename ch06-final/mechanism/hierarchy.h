/*
 * hierarchy.h - which cgroup hierarchies this process lives in, where they
 * are mounted, and where in them it may make a cgroup of its own.
 *
 * A host may have one hierarchy for everything (v2), one for each controller
 * or small group of controllers (v1), or both kinds beside each other, each
 * controller in exactly one of them (hybrid).  Nothing here is a fixed path:
 * /proc/self/cgroup names the hierarchies, /proc/self/mountinfo says where
 * each is mounted, and what is found so is right on a bare host, inside a
 * container and inside a cgroup namespace.
 *
 * See cgroups(7), cgroup_namespaces(7) and proc_pid_mountinfo(5).
 */
#ifndef HIERARCHY_H
#define HIERARCHY_H

#include "base.h"

/* The kernel knows 14 controllers, each at most once; the rest is room for
 * hierarchies that have no controller, only a name. */
#define HIERARCHY_MAX 32
#define HIERARCHY_CONTROLLERS 512 /* bytes; room for the names of all */

struct hierarchy {
	int version;	   /* 1 or 2 */
	char *controllers; /* "cpu,cpuacct"; v2: those it can give to us */
	char *mount;	   /* where it is mounted, or NULL */
	char *own;	   /* the directory of the calling process, or NULL
			      when the mount does not show it */
	char *base;	   /* the directory to make ours in, or NULL */
	bool threaded;	   /* v2: no ordinary cgroup can be made in the base */
	char *why;	   /* no base, or a threaded one: in words */
};

struct hierarchies {
	struct hierarchy all[HIERARCHY_MAX];
	size_t count;
};

/*
 * Find them all, in the order of /proc/self/cgroup, the unusable ones with
 * their reason.  The base is the highest directory on the way from the mount
 * point down to our own in which we may make directories: for root the mount
 * point, for anybody else what was delegated to them, if anything was.
 *
 * Fails only when the files of /proc cannot be read or make no sense.  The
 * caller frees.
 */
int hierarchy_find_all(struct hierarchies *found);
void hierarchy_free_all(struct hierarchies *found);
#define auto_hierarchies __attribute__((cleanup(hierarchy_free_all)))

/* Give back what one of them holds. */
void hierarchy_free(struct hierarchy *hierarchy);

/* Has it this controller?  By the names of v2: "io" is v1's blkio, too. */
bool hierarchy_has(const struct hierarchy *hierarchy, const char *controller);

/* The hierarchy with this controller ("memory"), or NULL. */
const struct hierarchy *hierarchy_with(const struct hierarchies *found,
				       const char *controller);

/* Is `word` in this list, be it divided by commas, blanks or newlines? */
bool hierarchy_list_has(const char *list, const char *word);

/*
 * What every absolute path begins with, that of /proc included.  It is "",
 * but for tests, which lay out a file tree of their own as v1, v2 or hybrid.
 */
extern const char *hierarchy_root;

/*
 * A hierarchy without a controller, only with a name, belongs to who made it,
 * and is none of those in which we may make anything, unless this is its name:
 * "name=systemd", say.  NULL: none.
 */
extern const char *hierarchy_named;

#endif
