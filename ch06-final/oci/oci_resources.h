/*
 * oci_resources.h - parent: how much a container may use: the "resources" of a
 * config.json, and of `update --resources`.
 *
 * Here they are as they were written.  oci_limits.h makes of them what
 * cgroup_limit() takes.
 *
 * See config-linux.md, "Control groups".
 */
#ifndef OCI_RESOURCES_H
#define OCI_RESOURCES_H

#include "oci_field.h"

/* In bytes; -1: no limit. */
struct oci_memory {
	struct oci_int limit, reservation, swap, kernel, kernel_tcp;
	struct oci_int swappiness; /* to 100 */
	bool disable_oom_killer, use_hierarchy, check_before_update;
};

/* Times are in microseconds. */
struct oci_cpu {
	struct oci_uint shares, burst, period, realtime_period;
	struct oci_int quota, realtime_runtime, idle;
	const char *cpus, *mems;
};

struct oci_pids {
	int64_t limit;
};

struct oci_weight_device {
	uint32_t major, minor;
	struct oci_uint weight, leaf_weight;
};

struct oci_throttle_device {
	uint32_t major, minor;
	uint64_t rate; /* bytes or operations a second */
};

enum oci_throttle {
	OCI_READ_BPS, OCI_WRITE_BPS, OCI_READ_IOPS, OCI_WRITE_IOPS,
	OCI_THROTTLES,
};
struct oci_throttle_list {
	struct oci_throttle_device *devices;
	size_t count;
};

struct oci_block_io {
	struct oci_uint weight, leaf_weight;
	struct oci_weight_device *weight_devices;
	size_t weight_device_count;
	struct oci_throttle_list throttle[OCI_THROTTLES];
};

struct oci_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;	       /* in bytes */
};

struct oci_priority {
	const char *name; /* of an interface of the host's */
	uint32_t priority;
};
struct oci_network {
	struct oci_uint class_id;
	struct oci_priority *priorities;
	size_t priority_count;
};

struct oci_rdma {
	const char *device; /* "mlx4_0" */
	struct oci_uint hca_handles, hca_objects;
};

struct oci_device_rule {
	bool allow;
	const char *type;	     /* "a", "b", "c"; NULL: "a" */
	struct oci_int major, minor; /* not set: all */
	const char *access;	     /* of "rwm"; NULL: all of them */
};

struct oci_resources {
	const struct oci_memory *memory;     /* each of them or NULL */
	const struct oci_cpu *cpu;
	const struct oci_pids *pids;
	const struct oci_block_io *block_io;
	const struct oci_network *network;
	struct oci_hugepage_limit *hugepage_limits;
	size_t hugepage_limit_count;
	struct oci_rdma *rdma;
	size_t rdma_count;
	struct oci_device_rule *devices;
	size_t device_count;
	struct oci_map unified; /* file of v2's cgroup, what to write */
};

extern const struct oci_shape oci_resources_shape;

#endif
