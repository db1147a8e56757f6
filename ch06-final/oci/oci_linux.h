/*
 * oci_linux.h - parent: the "linux" of a config.json: namespaces, ids, devices,
 * and what else only this kernel has.
 *
 * See config-linux.md.
 */
#ifndef OCI_LINUX_H
#define OCI_LINUX_H

#include "ns.h"
#include "oci_field.h"
#include "oci_mounts.h"
#include "oci_resources.h"
#include "oci_seccomp.h"

/* A new one, or that behind a file. */
struct oci_namespace {
	const struct ns_kind *kind;
	const char *path; /* NULL: a new one */
};

struct oci_time_offset {
	const char *clock; /* "boottime" or "monotonic" */
	int64_t seconds;
	uint32_t nanoseconds;
};

struct oci_device {
	const char *type; /* "c", "u", "b" or "p" */
	const char *path; /* in the container */
	struct oci_uint major, minor; /* not of a "p" */
	struct oci_uint file_mode;    /* permissions alone */
	uint32_t uid, gid;
};

struct oci_personality {
	uint64_t domain; /* personality(2) */
};

struct oci_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema; /* or NULL */
	const char *const *schemata;			       /* or NULL */
	bool enable_cmt, enable_mbm, enable_monitoring;
};

struct oci_net_device {
	const char *host_name;
	const char *name; /* in the container; NULL: the same */
};

struct oci_memory_policy {
	uint64_t mode, flags; /* MPOL_*: set_mempolicy(2) */
	const char *nodes;    /* or NULL */
};

struct oci_linux {
	struct oci_namespace *namespaces;
	size_t namespace_count;
	/* Both or none.  With a new user namespace and none, it is the runtime
	 * that says who is who in it. */
	struct oci_id_mapping *uid_mappings, *gid_mappings;
	size_t uid_mapping_count, gid_mapping_count;
	struct oci_time_offset *time_offsets;
	size_t time_offset_count;
	struct oci_device *devices;
	size_t device_count;
	struct oci_net_device *net_devices;
	size_t net_device_count;
	const char *cgroups_path;
	const struct oci_resources *resources; /* or NULL */
	uint64_t rootfs_propagation; /* MS_PRIVATE and so on, or 0 */
	const struct oci_seccomp *seccomp;
	struct oci_map sysctl;
	const char *const *masked_paths, *const *readonly_paths; /* or NULL */
	const char *mount_label;
	const struct oci_personality *personality;
	const struct oci_intel_rdt *intel_rdt;
	const struct oci_memory_policy *memory_policy;
};

extern const struct oci_shape oci_linux_shape;

/* The one of this kind ("uts"), or NULL: the runtime's own is meant. */
const struct oci_namespace *oci_namespace_find(const struct oci_linux *config,
					       const char *kind);

/* For `features`. */
extern const struct oci_word oci_memory_modes[], oci_memory_flags[];

#endif
