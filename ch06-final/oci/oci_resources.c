/* oci_resources.c - parent.  See oci_resources.h. */
#include "oci_resources.h"

#include <string.h>

/* ---- memory, CPUs, processes -------------------------------------------- */

#define MEMORY(member) offsetof(struct oci_memory, member)
#define BYTES(key, member)                                                    \
	{                                                                     \
		key, oci_take_int, .at = MEMORY(member), .min = -1,           \
			.max = INT64_MAX                                      \
	}
static const struct oci_field memory_fields[] = {
	BYTES("limit", limit),
	BYTES("reservation", reservation),
	BYTES("swap", swap),
	BYTES("kernel", kernel),
	BYTES("kernelTCP", kernel_tcp),
	{ "swappiness", oci_take_int, .at = MEMORY(swappiness), .max = 100 },
	{ "disableOOMKiller", oci_take_bool,
	  .at = MEMORY(disable_oom_killer) },
	{ "useHierarchy", oci_take_bool, .at = MEMORY(use_hierarchy) },
	{ "checkBeforeUpdate", oci_take_bool,
	  .at = MEMORY(check_before_update) },
	{ 0 }
};
static const struct oci_shape memory_shape = {
	.size = sizeof(struct oci_memory), memory_fields,
};

static int
check_cpu(const struct oci_node *at, void *made)
{
	const struct oci_cpu *cpu = made;
	if (cpu->burst.set && cpu->quota.value > 0 &&
	    cpu->burst.value > (uint64_t)cpu->quota.value)
		return oci_fail(at, "burst is more than quota");
	return 0;
}

#define CPU(member) offsetof(struct oci_cpu, member)
static const struct oci_field cpu_fields[] = {
	{ "shares", oci_take_uint, .at = CPU(shares) },
	{ "quota", oci_take_int, .at = CPU(quota) },
	{ "burst", oci_take_uint, .at = CPU(burst) },
	{ "period", oci_take_uint, .at = CPU(period) },
	{ "realtimeRuntime", oci_take_int, .at = CPU(realtime_runtime) },
	{ "realtimePeriod", oci_take_uint, .at = CPU(realtime_period) },
	{ "cpus", oci_take_ranges, .at = CPU(cpus) },
	{ "mems", oci_take_ranges, .at = CPU(mems) },
	{ "idle", oci_take_int, .at = CPU(idle), .max = 1 },
	{ 0 }
};
static const struct oci_shape cpu_shape = {
	.size = sizeof(struct oci_cpu), cpu_fields, check_cpu,
};

static const struct oci_field pids_fields[] = {
	{ "limit", oci_take_i64, .at = offsetof(struct oci_pids, limit),
	  .required = true },
	{ 0 }
};
static const struct oci_shape pids_shape = {
	.size = sizeof(struct oci_pids), pids_fields,
};

/* ---- disks -------------------------------------------------------------- */

#define DEVICE_NUMBERS(type)                                                  \
	{ "major", oci_take_u32, .at = offsetof(type, major),                 \
	  .required = true },                                                 \
	{ "minor", oci_take_u32, .at = offsetof(type, minor),                 \
	  .required = true }

static const struct oci_field throttle_fields[] = {
	DEVICE_NUMBERS(struct oci_throttle_device),
	{ "rate", oci_take_u64,
	  .at = offsetof(struct oci_throttle_device, rate), .required = true },
	{ 0 }
};
static const struct oci_shape throttle_shape = {
	.size = sizeof(struct oci_throttle_device), throttle_fields,
};

static int
check_weight_device(const struct oci_node *at, void *made)
{
	const struct oci_weight_device *device = made;
	if (!device->weight.set && !device->leaf_weight.set)
		return oci_fail(at, "has neither weight nor leafWeight");
	return 0;
}

#define WEIGHT(member) offsetof(struct oci_weight_device, member)
static const struct oci_field weight_device_fields[] = {
	DEVICE_NUMBERS(struct oci_weight_device),
	{ "weight", oci_take_uint, .at = WEIGHT(weight), .max = UINT16_MAX },
	{ "leafWeight", oci_take_uint, .at = WEIGHT(leaf_weight),
	  .max = UINT16_MAX },
	{ 0 }
};
static const struct oci_shape weight_device_shape = {
	.size = sizeof(struct oci_weight_device), weight_device_fields,
	check_weight_device,
};

#define IO(member) offsetof(struct oci_block_io, member)
#define THROTTLE(key, kind)                                                   \
	{                                                                     \
		key, oci_take_list, .at = IO(throttle[kind].devices),         \
			.count_at = IO(throttle[kind].count),                 \
			.shape = &throttle_shape                              \
	}
static const struct oci_field block_io_fields[] = {
	{ "weight", oci_take_uint, .at = IO(weight), .max = UINT16_MAX },
	{ "leafWeight", oci_take_uint, .at = IO(leaf_weight),
	  .max = UINT16_MAX },
	{ "weightDevice", oci_take_list, .at = IO(weight_devices),
	  .count_at = IO(weight_device_count),
	  .shape = &weight_device_shape },
	THROTTLE("throttleReadBpsDevice", OCI_READ_BPS),
	THROTTLE("throttleWriteBpsDevice", OCI_WRITE_BPS),
	THROTTLE("throttleReadIOPSDevice", OCI_READ_IOPS),
	THROTTLE("throttleWriteIOPSDevice", OCI_WRITE_IOPS),
	{ 0 }
};
static const struct oci_shape block_io_shape = {
	.size = sizeof(struct oci_block_io), block_io_fields,
};

/* ---- the rest ----------------------------------------------------------- */

/* "64KB", "2MB", "1GB": it becomes part of a file's name. */
static int
take_page_size(const struct oci_node *at, const struct oci_field *field,
	       void *into)
{
	if (oci_take_text(at, field, into) < 0)
		return -1;
	const char *size = oci_text(at);
	size_t digits = strspn(size, "0123456789");
	const char *unit = size + digits;
	if (digits == 0 || (strcmp(unit, "KB") != 0 &&
			    strcmp(unit, "MB") != 0 && strcmp(unit, "GB") != 0))
		return oci_fail(at, "\"%.100s\" is not a size such as 2MB",
				size);
	return 0;
}

static const struct oci_field hugepage_fields[] = {
	{ "pageSize", take_page_size,
	  .at = offsetof(struct oci_hugepage_limit, page_size),
	  .required = true },
	{ "limit", oci_take_u64,
	  .at = offsetof(struct oci_hugepage_limit, limit),
	  .required = true },
	{ 0 }
};
static const struct oci_shape hugepage_shape = {
	.size = sizeof(struct oci_hugepage_limit), hugepage_fields,
};

static const struct oci_field priority_fields[] = {
	{ "name", oci_take_text, .at = offsetof(struct oci_priority, name),
	  .required = true },
	{ "priority", oci_take_u32,
	  .at = offsetof(struct oci_priority, priority), .required = true },
	{ 0 }
};
static const struct oci_shape priority_shape = {
	.size = sizeof(struct oci_priority), priority_fields,
};

#define NETWORK(member) offsetof(struct oci_network, member)
static const struct oci_field network_fields[] = {
	{ "classID", oci_take_uint, .at = NETWORK(class_id),
	  .max = UINT32_MAX },
	{ "priorities", oci_take_list, .at = NETWORK(priorities),
	  .count_at = NETWORK(priority_count), .shape = &priority_shape },
	{ 0 }
};
static const struct oci_shape network_shape = {
	.size = sizeof(struct oci_network), network_fields,
};

static int
check_rdma(const struct oci_node *at, void *made)
{
	const struct oci_rdma *rdma = made;
	if (!rdma->hca_handles.set && !rdma->hca_objects.set)
		return oci_fail(at, "has neither hcaHandles nor hcaObjects");
	return 0;
}

#define RDMA(member) offsetof(struct oci_rdma, member)
static const struct oci_field rdma_fields[] = {
	{ "hcaHandles", oci_take_uint, .at = RDMA(hca_handles),
	  .max = UINT32_MAX },
	{ "hcaObjects", oci_take_uint, .at = RDMA(hca_objects),
	  .max = UINT32_MAX },
	{ 0 }
};
static const struct oci_shape rdma_shape = {
	.size = sizeof(struct oci_rdma), rdma_fields, check_rdma,
	.name_at = RDMA(device),
};

static int
check_device_rule(const struct oci_node *at, void *made)
{
	const struct oci_device_rule *rule = made;
	if (rule->type &&
	    (strlen(rule->type) != 1 || !strchr("abc", rule->type[0])))
		return oci_fail_member(at, "type",
				       "\"%.100s\" is neither a, b nor c",
				       rule->type);
	if (rule->access && rule->access[strspn(rule->access, "rwm")])
		return oci_fail_member(at, "access",
				       "\"%.100s\" is more than r, w and m",
				       rule->access);
	return 0;
}

#define DEVICE(member) offsetof(struct oci_device_rule, member)
static const struct oci_field device_rule_fields[] = {
	{ "allow", oci_take_bool, .at = DEVICE(allow), .required = true },
	{ "type", oci_take_text, .at = DEVICE(type) },
	/* -1 is written for "all", too. */
	{ "major", oci_take_int, .at = DEVICE(major), .min = -1,
	  .max = INT32_MAX },
	{ "minor", oci_take_int, .at = DEVICE(minor), .min = -1,
	  .max = INT32_MAX },
	{ "access", oci_take_text, .at = DEVICE(access) },
	{ 0 }
};
static const struct oci_shape device_rule_shape = {
	.size = sizeof(struct oci_device_rule), device_rule_fields,
	check_device_rule,
};

/* Its names are those of files: nothing but a file of the cgroup itself. */
static int
take_unified(const struct oci_node *at, const struct oci_field *field,
	     void *into)
{
	if (oci_take_map(at, field, into) < 0)
		return -1;
	const struct oci_map *map = (void *)((char *)into + field->at);
	for (size_t i = 0; i < map->count; i++) {
		const char *name = map->pairs[i].key;
		if (strchr(name, '/') || name[0] == '.')
			return oci_fail_member(at, name,
					       "is not a file of a cgroup");
	}
	return 0;
}

#define AT(member) offsetof(struct oci_resources, member)
static const struct oci_field resources_fields[] = {
	{ "memory", oci_take_object, .at = AT(memory),
	  .shape = &memory_shape },
	{ "cpu", oci_take_object, .at = AT(cpu), .shape = &cpu_shape },
	{ "pids", oci_take_object, .at = AT(pids), .shape = &pids_shape },
	{ "blockIO", oci_take_object, .at = AT(block_io),
	  .shape = &block_io_shape },
	{ "network", oci_take_object, .at = AT(network),
	  .shape = &network_shape },
	{ "hugepageLimits", oci_take_list, .at = AT(hugepage_limits),
	  .count_at = AT(hugepage_limit_count), .shape = &hugepage_shape },
	{ "rdma", oci_take_named, .at = AT(rdma), .count_at = AT(rdma_count),
	  .shape = &rdma_shape },
	{ "devices", oci_take_list, .at = AT(devices),
	  .count_at = AT(device_count), .shape = &device_rule_shape },
	{ "unified", take_unified, .at = AT(unified) },
	{ 0 }
};
const struct oci_shape oci_resources_shape = {
	.size = sizeof(struct oci_resources), resources_fields,
};
