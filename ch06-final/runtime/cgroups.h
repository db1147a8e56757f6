/*
 * cgroups.h - parent: the cgroup of a container: its name, its limits, what it
 * uses; by ourselves, or by systemd when that is asked for.
 *
 * See config-linux.md, "Control groups".
 */
#ifndef CGROUPS_H
#define CGROUPS_H

#include "cgroup.h"
#include "oci_config.h"

/*
 * Which cgroup: linux.cgroupsPath, absolute or (below "mydocker") relative;
 * without one "mydocker-oci-ID", which has no directory above that would have
 * to be made and removed, too.  With `systemd` it is SLICE:PREFIX:NAME.  What
 * cgroup_take() and cgroup_open() take; the caller frees; NULL with the
 * failure.
 */
char *cgroups_name(const struct oci_config *config, const char *id,
		   bool systemd);

/*
 * Make it, or take over an empty one that the engine made: first, before there
 * is a child, what that can be born in, which is v2's; then, while the child
 * makes its namespaces, the rest.  The second sets the limits, too
 * (linux.resources, `unified` included), with all devices denied but those of
 * the rules and the default ones, and gives it to the user as cgroups_give()
 * says.  A user who may make no cgroups has a container without one, if it is
 * without limits: cgroup->count is 0 then.  If the first fails nothing is
 * left; if the second, what there is is left to cgroups_end().
 */
int cgroups_begin(struct cgroup *cgroup, const char *name,
		  const struct oci_config *config);
int cgroups_complete(struct cgroup *cgroup, const struct oci_config *config,
		     pid_t pid);

/*
 * On version 2 the container may divide its cgroup among processes of its own:
 * the directory and the files that the kernel says are to be handed down
 * (cgroups(7), "Delegation") become the user's of its process, where it has a
 * cgroup namespace and mounts its cgroup to write to it.
 */
int cgroups_give(const struct cgroup *cgroup, const struct oci_config *config);

/* New limits for one that runs: all of them, or none.  What `resources` does
 * not name stays as it is, and so do the rules for devices. */
int cgroups_update(const struct cgroup *cgroup,
		   const struct oci_resources *resources,
		   const struct oci_node *at);

/* Is it frozen?  -1: cannot be told.  Who joins a frozen one is stopped at
 * once, so `exec` has to ask before. */
int cgroups_frozen(const struct cgroup *cgroup);

/*
 * `exec --cgroup`: its directories become those below them that `words` (with
 * NULL at the end) name: one PATH for all, or CONTROLLER[,CONTROLLER]:PATH for
 * each of some hierarchies of version 1.  They must be there.
 */
int cgroups_step_into(struct cgroup *cgroup, const char *const *words);

/*
 * Version 2, whose cgroups hold processes or hand controllers down, not both:
 * a container that divides its own among parts of it (systemd, another engine)
 * has none left in it.  The directory becomes that below it in which `pid`
 * lives.
 */
int cgroups_follow(struct cgroup *cgroup, pid_t pid);

/* All processes in it and below, as we see them.  The caller frees. */
int cgroups_processes(const struct cgroup *cgroup, pid_t **pids,
		      size_t *count);

/* The statistics of `events --stats`, in runc's form: one JSON object, of type
 * "stats".  The caller frees. */
char *cgroups_stats_json(const struct cgroup *cgroup, const char *id);

/*
 * Its end: whoever is left is killed, and it is removed, but for those of its
 * directories that were there before it: cgroups_kept() of one that was just
 * made, a list for the state that the caller frees, or NULL.  (runtime.md,
 * "Delete": resources not created by the container must not be deleted.)
 */
char *cgroups_kept(const struct cgroup *cgroup);
int cgroups_end(struct cgroup *cgroup, const char *kept);

/* ---- systemd ------------------------------------------------------------ */

/*
 * --systemd-cgroup: systemd is asked for a scope, and makes none without a
 * process.  So the child must be there first, and wait:
 *
 *	name = cgroups_name(config, id, true);
 *	pid = clone(...);		not into a cgroup: there is none
 *	cgroups_systemd_start(&cgroup, name, id, config, pid);
 *	...				the child goes on
 *
 * In place of the two above.  The child is in all of its cgroups then, and
 * has nothing to join; if it wants a struct cgroup of its own, it opens one by
 * the name.  On failure the child has been killed, and nothing else is left.
 */
int cgroups_systemd_start(struct cgroup *cgroup, const char *name,
			  const char *id, const struct oci_config *config,
			  pid_t pid);

/* In place of cgroups_update(). */
int cgroups_systemd_update(const struct cgroup *cgroup,
			   const struct oci_resources *resources,
			   const struct oci_node *at);

/* After cgroup_end(): the unit goes, too.  One that is gone is no failure. */
int cgroups_systemd_stop(const char *name);

#endif
