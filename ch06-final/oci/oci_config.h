/*
 * oci_config.h - parent: a bundle's config.json, all of it, as plain structs.
 *
 *	struct oci_config config;
 *	if (oci_config_load(&config, bundle) == 0)
 *		... config.process->args[0] ...
 *	oci_config_free(&config);
 *
 * What is in the structs keeps the specification's MUSTs, as far as that can
 * be seen without looking at the machine.  A failure is one line that begins
 * with the path of what is wrong: "process.cwd: \"tmp\" is not an absolute
 * path".  Properties that the specification does not know are ignored.
 *
 * See the runtime specification's config.md and config-linux.md; 1.3 is the
 * last version whose properties are known here.
 */
#ifndef OCI_CONFIG_H
#define OCI_CONFIG_H

#include "oci_hooks.h"
#include "oci_linux.h"
#include "oci_mounts.h"
#include "oci_process.h"

#define OCI_VERSION_MIN "1.0.0"
#define OCI_VERSION "1.3.0"

struct oci_root_fs {
	const char *path; /* absolute, or relative to the bundle */
	bool readonly;
};

struct oci_config {
	struct oci_document document; /* owns all the rest; its warnings are
					 to be logged */
	const char *version;
	const struct oci_process *process; /* NULL: `start` will refuse */
	const struct oci_root_fs *root;
	const char *hostname, *domainname; /* or NULL */
	struct oci_mount *mounts;	   /* in this order */
	size_t mount_count;
	const struct oci_hooks *hooks;	 /* or NULL */
	const struct oci_linux *kernel;	 /* the "linux", a word that the
					    compiler has taken; or NULL */
	struct oci_map annotations;
};

int oci_config_load(struct oci_config *config, int bundle);
int oci_config_parse(struct oci_config *config, const char *text,
		     size_t length);

/* May be called twice, and after a failure. */
void oci_config_free(struct oci_config *config);
#define auto_oci_config __attribute__((cleanup(oci_config_free), unused))

#endif
