/*
 * scope.h - parent: a cgroup that systemd makes.
 *
 * Where systemd runs the machine, the tree of cgroups is its own, and a
 * container is to it a unit like any other: a scope.  It is asked for one over
 * D-Bus, with Delegate=true: what is in the scope's cgroup and below is ours.
 * The talking is done by a program beside us, mydocker-systemd.
 *
 * The limits are told to it, too, as far as it knows them, since it writes its
 * own again whenever it is reloaded.
 *
 * See org.freedesktop.systemd1(5) and systemd.resource-control(5).
 */
#ifndef SCOPE_H
#define SCOPE_H

#include "cgroup_limit.h"
#include "oci_field.h"

/* Is it systemd's instance of one user that we have to ask? */
bool scope_is_of_user(void);

/*
 * The cgroup of the scope that linux.cgroupsPath, SLICE:PREFIX:NAME, means;
 * `path` may be NULL.  Its unit is the last part.  The caller frees; NULL with
 * the failure.
 */
char *scope_name(const char *path, const char *id);

/* Properties of a unit, each "TYPE NAME VALUE" (systemd/property.h), and NULL
 * after the last. */
struct scope_properties {
	char **all;
	size_t count;
};
void scope_properties_free(struct scope_properties *properties);
#define auto_scope_properties                                                 \
	__attribute__((cleanup(scope_properties_free), unused))
/* One more: takes the text over. */
void scope_add(struct scope_properties *properties, char *property);

/* Those of the limits that systemd knows, under the names it has for them on
 * the versions that `found` has. */
void scope_properties(struct scope_properties *properties,
			    const struct cgroup_limits *limits,
			    const struct hierarchies *found);

/*
 * Those that annotations ask for, "org.systemd.property.NAME" with a value in
 * GVariant's text (runc's docs/systemd.md); a NAME of seconds, in "Sec", is
 * put in microseconds.  One that cannot be read is a failure.
 */
int scope_annotations(struct scope_properties *properties,
		      const struct oci_map *annotations);

/* A scope with this process in it, what annotations say last: it holds; new
 * limits for one; and its end, which has come, too, when there is none. */
int scope_start(const char *name, const char *id, pid_t pid,
		const struct cgroup_limits *limits,
		const struct oci_map *annotations);
int scope_set(const char *name, const struct cgroup_limits *limits);
int scope_stop(const char *name);

/*
 * An ordinary user's process, in a part of the tree that nobody handed down to
 * him, as that of a login is: into a scope of his own systemd, if there is
 * one, as `systemd-run --user --scope` does.  What it starts can be limited
 * there.  Where that cannot be, nothing is lost but limits, and who asks for
 * one is told.
 */
void scope_enter(void);

#endif
