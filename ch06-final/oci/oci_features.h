/*
 * oci_features.h - parent: what this runtime understands: the verb `features`.
 *
 * It is about the program, not about the machine it runs on.  The names come
 * from the tables that the parser works by.
 *
 * See features.md and features-linux.md.
 */
#ifndef OCI_FEATURES_H
#define OCI_FEATURES_H

#include "base.h"

/* What the steps that set a container up can do, which no table of names
 * shows: whoever writes them says so. */
struct oci_abilities {
	bool seccomp, apparmor, selinux, intel_rdt, idmap, net_devices;
	bool systemd, systemd_user, checkpoint;
	/* Can filters be made for this AUDIT_ARCH_*?  NULL: for all. */
	bool (*knows_architecture)(uint32_t arch);
};

/* As JSON; the caller frees. */
char *oci_features_json(const struct oci_abilities *can);

#endif
