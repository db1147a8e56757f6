/*
 * bundle.h - a container's settings as the runtime core takes them: the text
 * of an OCI bundle's config.json, which is never written to the bundle.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "settings.h"
#include "user.h"

/* What is known only when the container is about to be started. */
struct bundle_facts {
	const char *id;
	const char *directory; /* of the container, absolute: hosts files */
	const char *volumes;   /* ROOT/volumes, absolute */
	const int *paths; /* of the settings' volumes, those that are a path in
			     one: opened by us; or -1.  NULL: none is */
	const char *hostname;
	const struct user *user; /* settings->user and ->groups, looked up in
				    its root */
	const char *init; /* our pid 1 for --init, a file of the host's */
	/* Of container:NAME: the namespace's file, /proc/PID/ns/net and so on.
	 * NULL: as the settings say. */
	const char *net, *pid, *ipc, *uts;
	const char *shm; /* what its /dev/shm is a view of (shm.h), or NULL */
};

/*
 * root.path is the container's directory's "rootfs", the cgroup is called as
 * the id, below --cgroup-parent when there is one.  The caller frees; NULL and
 * a failure when something is not there (a device, a disk) or is not UTF-8, as
 * JSON's strings are.  See the runtime specification's config.md.
 *
 * Arguments and environment may be any bytes: those that are not UTF-8 are
 * "?" here, and bundle_args() and bundle_env() have them as they are.
 */
char *bundle_config(const struct settings *settings,
		    const struct bundle_facts *facts);

/* Of that the "resources" but for devices, as `update` changes them.  The
 * caller frees. */
char *bundle_resources(const struct settings *settings);

/* What its process gets, for create_options; words_free() them. */
void bundle_args(const struct settings *settings, struct words *args);
void bundle_env(const struct settings *settings,
		const struct bundle_facts *facts, struct words *env);

/* Its capabilities: bit n is capability n. */
uint64_t bundle_caps(const struct settings *settings);

#endif
