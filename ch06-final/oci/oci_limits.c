/* oci_limits.c - parent.  See oci_limits.h. */
#include "oci_limits.h"

#include <inttypes.h>
#include <string.h>

#include "device_program.h"

/* ---- numbers ------------------------------------------------------------ */

/* 0: leave what there is; below: no limit. */
static uint64_t
limit_of(int64_t value)
{
	return value < 0 ? CGROUP_NONE : (uint64_t)value;
}

/* A number of which 0 is one, too. */
static uint64_t
with_zero(bool set, uint64_t value, uint64_t max)
{
	return !set ? 0 : value == 0 ? CGROUP_ZERO : value > max ?
						     CGROUP_NONE : value;
}

static void
put_memory(const struct oci_memory *memory, struct cgroup_limits *limits)
{
	limits->memory = limit_of(memory->limit.value);
	limits->memory_swap = memory->swap.value ?: CGROUP_SWAP_KEEP;
	limits->memory_reservation = limit_of(memory->reservation.value);
	limits->kernel_memory = limit_of(memory->kernel.value);
	limits->oom_kill_disable = memory->disable_oom_killer;
	limits->swappiness = with_zero(memory->swappiness.set,
				       memory->swappiness.value, 100);
}

static void
put_cpu(const struct oci_cpu *cpu, struct cgroup_limits *limits)
{
	/* Beyond its bounds the kernel takes the nearest. */
	uint64_t shares = cpu->shares.value;
	limits->cpu_shares = shares == 1 ? 2 :
			     shares > 262144 ? 262144 : shares;
	limits->cpu_quota_us = limit_of(cpu->quota.value);
	limits->cpu_period_us = cpu->period.value;
	limits->cpu_burst_us = with_zero(cpu->burst.set, cpu->burst.value,
					 INT64_MAX);
	limits->cpu_idle = with_zero(cpu->idle.set, cpu->idle.value, 1);
	limits->cpuset_cpus = cpu->cpus && *cpu->cpus ? cpu->cpus : NULL;
	limits->cpuset_mems = cpu->mems && *cpu->mems ? cpu->mems : NULL;
}

/* ---- disks -------------------------------------------------------------- */

/* The entry of this disk among the `*count`: the specification has a list for
 * each number, we have one of the disks. */
static struct cgroup_io_limit *
disk(struct cgroup_io_limit *all, size_t *count, uint32_t major,
     uint32_t minor)
{
	for (size_t i = 0; i < *count; i++)
		if (all[i].major == major && all[i].minor == minor)
			return &all[i];
	all[*count] = (struct cgroup_io_limit){ .major = major,
						.minor = minor };
	return &all[(*count)++];
}

static void
put_block_io(struct oci_document *document, const struct oci_block_io *io,
	     struct cgroup_limits *limits)
{
	static const size_t members[OCI_THROTTLES] = {
		[OCI_READ_BPS] = offsetof(struct cgroup_io_limit, read_bps),
		[OCI_WRITE_BPS] = offsetof(struct cgroup_io_limit, write_bps),
		[OCI_READ_IOPS] = offsetof(struct cgroup_io_limit, read_iops),
		[OCI_WRITE_IOPS] = offsetof(struct cgroup_io_limit,
					    write_iops),
	};
	size_t room = io->weight_device_count;
	for (int kind = 0; kind < OCI_THROTTLES; kind++)
		room += io->throttle[kind].count;
	struct cgroup_io_limit *all =
		oci_document_new(document, room * sizeof(*all));
	size_t count = 0;
	for (size_t i = 0; i < io->weight_device_count; i++) {
		const struct oci_weight_device *at = &io->weight_devices[i];
		disk(all, &count, at->major, at->minor)->weight =
			at->weight.value;
	}
	for (int kind = 0; kind < OCI_THROTTLES; kind++) {
		const struct oci_throttle_list *list = &io->throttle[kind];
		for (size_t i = 0; i < list->count; i++) {
			struct cgroup_io_limit *one =
				disk(all, &count, list->devices[i].major,
				     list->devices[i].minor);
			uint64_t rate = list->devices[i].rate;
			*(uint64_t *)((char *)one + members[kind]) =
				rate && rate <= INT64_MAX ? rate :
							    CGROUP_NONE;
		}
	}
	limits->io_weight = io->weight.value;
	limits->io = all;
	limits->io_count = count;
}

/* ---- lists -------------------------------------------------------------- */

static void
put_hugetlb(struct oci_document *document,
	    const struct oci_resources *resources, struct cgroup_limits *limits)
{
	size_t count = resources->hugepage_limit_count;
	struct cgroup_hugetlb_limit *all =
		oci_document_new(document, count * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		all[i].page_size = resources->hugepage_limits[i].page_size;
		all[i].bytes = with_zero(true,
					 resources->hugepage_limits[i].limit,
					 INT64_MAX);
	}
	limits->hugetlb = all;
	limits->hugetlb_count = count;
}

static void
put_rdma(struct oci_document *document, const struct oci_resources *resources,
	 struct cgroup_limits *limits)
{
	size_t count = resources->rdma_count;
	struct cgroup_rdma_limit *all =
		oci_document_new(document, count * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		const struct oci_rdma *rdma = &resources->rdma[i];
		all[i].device = rdma->device;
		all[i].handles = with_zero(rdma->hca_handles.set,
					   rdma->hca_handles.value, INT32_MAX);
		all[i].objects = with_zero(rdma->hca_objects.set,
					   rdma->hca_objects.value, INT32_MAX);
	}
	limits->rdma = all;
	limits->rdma_count = count;
}

/* To the kernel "a" is all devices and all access, whatever the rest says: a
 * rule of type "a" that says less is two, for block and for character devices.
 */
static void
put_devices(struct oci_document *document,
	    const struct oci_resources *resources, struct cgroup_limits *limits)
{
	struct device_rule *all = oci_document_new(
		document, 2 * resources->device_count * sizeof(*all));
	size_t count = 0;
	for (size_t i = 0; i < resources->device_count; i++) {
		const struct oci_device_rule *rule = &resources->devices[i];
		struct device_rule made = {
			.allow = rule->allow,
			.type = rule->type ? rule->type[0] : 'a',
			.major = rule->major.set ? (int)rule->major.value :
						   DEVICE_ANY,
			.minor = rule->minor.set ? (int)rule->minor.value :
						   DEVICE_ANY,
			.access = rule->access ?: "rwm",
		};
		bool is_all = made.major == DEVICE_ANY &&
			      made.minor == DEVICE_ANY &&
			      strpbrk(made.access, "r") &&
			      strpbrk(made.access, "w") &&
			      strpbrk(made.access, "m");
		if (made.type == 'a' && !is_all) {
			made.type = 'b';
			all[count++] = made;
			made.type = 'c';
		}
		all[count++] = made;
	}
	limits->devices = all;
	limits->device_count = count;
}

/* ---- files -------------------------------------------------------------- */

/* What the limits have no number for is written to its file as it is. */
static void
put_file(struct cgroup_limits *limits, int version, const char *controller,
	 const char *name, const char *value)
{
	struct cgroup_file *files = (struct cgroup_file *)limits->files;
	files[limits->file_count++] = (struct cgroup_file){
		.version = version,
		.controller = controller,
		.name = name,
		.value = value,
	};
}

static const char *
kept_text(struct oci_document *document, const char *string)
{
	return strcpy(oci_document_new(document, strlen(string) + 1), string);
}

static void
put_number(struct oci_document *document, struct cgroup_limits *limits,
	   const char *controller, const char *name, int64_t number)
{
	auto_free char *value = text("%" PRId64, number);
	if (number)
		put_file(limits, 1, controller, name,
			 kept_text(document, value));
}

static void
put_network(struct oci_document *document, const struct oci_network *network,
	    struct cgroup_limits *limits)
{
	put_number(document, limits, "net_cls", "net_cls.classid",
		   network->class_id.value);
	for (size_t i = 0; i < network->priority_count; i++) {
		auto_free char *line =
			text("%s %u", network->priorities[i].name,
			     network->priorities[i].priority);
		put_file(limits, 1, "net_prio", "net_prio.ifpriomap",
			 kept_text(document, line));
	}
}

/* "memory.high" takes the controller memory; "cgroup.max.depth" none, and
 * neither does "io.pressure". */
static void
put_unified(struct oci_document *document, const struct oci_map *unified,
	    struct cgroup_limits *limits)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *name = unified->pairs[i].key;
		auto_free char *controller =
			text("%.*s", (int)strcspn(name, "."), name);
		const char *rest = name + strlen(controller);
		bool everywhere = strcmp(controller, "cgroup") == 0 ||
				  strcmp(rest, ".pressure") == 0;
		put_file(limits, 2,
			 everywhere ? NULL : kept_text(document, controller),
			 name, unified->pairs[i].value);
	}
}

static void
put_files(struct oci_document *document, const struct oci_resources *resources,
	  struct cgroup_limits *limits)
{
	const struct oci_memory *memory = resources->memory;
	const struct oci_cpu *cpu = resources->cpu;
	const struct oci_network *network = resources->network;
	size_t room = 4 + (network ? network->priority_count : 0) +
		      resources->unified.count;
	limits->files = oci_document_new(document,
					 room * sizeof(*limits->files));
	if (memory)
		put_number(document, limits, "memory",
			   "memory.kmem.tcp.limit_in_bytes",
			   memory->kernel_tcp.value);
	if (cpu) {
		put_number(document, limits, "cpu", "cpu.rt_period_us",
			   cpu->realtime_period.value);
		put_number(document, limits, "cpu", "cpu.rt_runtime_us",
			   cpu->realtime_runtime.value);
	}
	if (network)
		put_network(document, network, limits);
	put_unified(document, &resources->unified, limits);
}

/* ---- what there is no place for ----------------------------------------- */

static int
refuse(const struct oci_node *at, const char *part, const char *what)
{
	struct oci_node child;
	oci_member(at, part, &child);
	return oci_fail_member(&child, what, "this runtime cannot set it");
}

static int
check(const struct oci_node *at, const struct oci_resources *resources)
{
	const struct oci_block_io *io = resources->block_io;
	const struct oci_network *network = resources->network;
	if (io && io->leaf_weight.value)
		return refuse(at, "blockIO", "leafWeight");
	for (size_t i = 0; io && i < io->weight_device_count; i++)
		if (io->weight_devices[i].leaf_weight.value)
			return refuse(at, "blockIO", "weightDevice");
	for (size_t i = 0; network && i < network->priority_count; i++)
		if (strpbrk(network->priorities[i].name, " \t\n"))
			return oci_fail_member(at, "network", "\"%.50s\" is "
					       "not the name of an interface",
					       network->priorities[i].name);
	return 0;
}

int
oci_limits(const struct oci_node *at, const struct oci_resources *resources,
	   struct cgroup_limits *limits)
{
	*limits = (struct cgroup_limits){ 0 };
	if (!resources)
		return 0;
	if (check(at, resources) < 0)
		return -1;
	if (resources->memory)
		put_memory(resources->memory, limits);
	if (resources->cpu)
		put_cpu(resources->cpu, limits);
	if (resources->pids)
		limits->pids = limit_of(resources->pids->limit);
	if (resources->block_io)
		put_block_io(at->document, resources->block_io, limits);
	put_hugetlb(at->document, resources, limits);
	put_rdma(at->document, resources, limits);
	put_devices(at->document, resources, limits);
	put_files(at->document, resources, limits);
	return 0;
}
