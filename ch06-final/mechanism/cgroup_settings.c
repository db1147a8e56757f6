/* cgroup_settings.c - the table of cgroup_limit.h, and how the rows of one
 * plain number are planned. */
#include <inttypes.h>
#include <sys/utsname.h>

#include "cgroup_plan.h"

#define AT(field) offsetof(struct cgroup_limits, field)
#define AT_IO(field) offsetof(struct cgroup_io_limit, field)
#define PAGE 65536 /* the largest there is */
#define RATE(v1_, word_, field, max_)                                         \
	.controller = "io", .v1 = "blkio.throttle." v1_, .v2 = "io.max",      \
	.value = "MAJOR:MINOR number; v2: MAJOR:MINOR " word_ "number",       \
	.at = AT_IO(field), .min = 1, .max = max_, .none_v1 = "0",            \
	.none_v2 = "max", .word_v2 = word_, .plan = cgroup_plan_io_device
#define RDMA(word_, field)                                                    \
	.controller = "rdma", .v1 = "rdma.max", .v2 = "rdma.max",             \
	.value = "DEVICE " word_ "number",                                    \
	.at = offsetof(struct cgroup_rdma_limit, field), .max = INT32_MAX,    \
	.none_v2 = "max", .word_v2 = word_, .plan = cgroup_plan_rdma

const struct cgroup_setting cgroup_settings[] = {
	{ .option = "--memory", .name = "memory", .controller = "memory",
	  .v1 = "memory.limit_in_bytes", .v2 = "memory.max",
	  .value = "bytes", .max = INT64_MAX, .granule = PAGE, .none_v1 = "-1",
	  .none_v2 = "max", .plan = cgroup_plan_memory },
	{ .option = "--memory-swap", .name = "memory and swap",
	  .controller = "memory", .v1 = "memory.memsw.limit_in_bytes",
	  .v2 = "memory.swap.max",
	  .value = "bytes; v2: less those of --memory", .max = INT64_MAX,
	  .granule = PAGE, .none_v1 = "-1", .none_v2 = "max" },
	{ .option = "--memory-reservation", .name = "memory reservation",
	  .controller = "memory", .v1 = "memory.soft_limit_in_bytes",
	  .v2 = "memory.low", .value = "bytes", .at = AT(memory_reservation),
	  .max = INT64_MAX, .granule = PAGE, .none_v1 = "-1", .none_v2 = "0",
	  .plan = cgroup_plan_number },
	{ .option = "--memory-swappiness", .name = "swappiness",
	  .controller = "memory", .v1 = "memory.swappiness",
	  .without = "v2 has one for the whole host, vm.swappiness",
	  .value = "0 to 100", .at = AT(swappiness), .max = 100,
	  .plan = cgroup_plan_swappiness },
	{ .option = "--oom-kill-disable", .name = "oom_kill_disable",
	  .controller = "memory", .v1 = "memory.oom_control",
	  .without = "on v2 the OOM killer cannot be switched off",
	  .value = "1", .at = AT(oom_kill_disable), .max = 1,
	  .key = "oom_kill_disable",
	  .plan = cgroup_plan_number },
	{ .option = "--kernel-memory", .name = "kernel memory",
	  .controller = "memory", .v1 = "memory.kmem.limit_in_bytes",
	  .without = "v2 counts it as memory, and has no limit for it alone",
	  .value = "bytes", .at = AT(kernel_memory), .max = INT64_MAX,
	  .granule = PAGE, .none_v1 = "-1", .plan = cgroup_plan_number },

	{ .option = "--cpu-shares", .name = "CPU shares", .controller = "cpu",
	  .v1 = "cpu.shares", .v2 = "cpu.weight",
	  .value = "shares; v2: cgroup_weight_of_shares()",
	  .at = AT(cpu_shares), .min = 2, .max = 262144,
	  .to_v2 = cgroup_weight_of_shares, .plan = cgroup_plan_number },
	{ .option = "--cpu-period", .name = "CPU period", .controller = "cpu",
	  .v1 = "cpu.cfs_period_us", .v2 = "cpu.max",
	  .value = "microseconds; v2: the second number",
	  .at = AT(cpu_period_us), .min = 1000, .max = 1000000,
	  .plan = cgroup_plan_quota },
	{ .option = "--cpu-quota", .name = "CPU quota", .controller = "cpu",
	  .v1 = "cpu.cfs_quota_us", .v2 = "cpu.max",
	  .value = "microseconds; v2: the first number", .min = 1000,
	  .max = INT64_MAX, .none_v1 = "-1", .none_v2 = "max" },
	{ .name = "CPU burst", .controller = "cpu", .v1 = "cpu.cfs_burst_us",
	  .v2 = "cpu.max.burst", .value = "microseconds",
	  .at = AT(cpu_burst_us), .max = INT64_MAX,
	  .plan = cgroup_plan_number },
	{ .name = "CPU idle", .controller = "cpu", .v1 = "cpu.idle",
	  .v2 = "cpu.idle", .value = "1", .at = AT(cpu_idle), .max = 1,
	  .plan = cgroup_plan_number },
	{ .option = "--cpuset-cpus", .name = "CPUs", .controller = "cpuset",
	  .v1 = "cpuset.cpus", .v2 = "cpuset.cpus", .value = "a list: 0-2,7",
	  .at = AT(cpuset_cpus), .plan = cgroup_plan_cpuset },
	{ .option = "--cpuset-mems", .name = "memory nodes",
	  .controller = "cpuset", .v1 = "cpuset.mems", .v2 = "cpuset.mems",
	  .value = "a list: 0-2,7", .at = AT(cpuset_mems),
	  .plan = cgroup_plan_cpuset },

	{ .option = "--pids-limit", .name = "processes", .controller = "pids",
	  .v1 = "pids.max", .v2 = "pids.max", .value = "number",
	  .at = AT(pids), .max = INT64_MAX, .none_v1 = "max",
	  .none_v2 = "max", .plan = cgroup_plan_number },

	{ .option = "--blkio-weight", .name = "I/O weight", .controller = "io",
	  .v1 = "blkio.weight", .v2 = "io.weight",
	  .value = "weight; v2: 1 + (weight - 10) * 9999 / 990",
	  .at = AT(io_weight), .min = 10, .max = 1000,
	  .to_v2 = cgroup_io_weight_on_v2, .plan = cgroup_plan_io_weight },
	{ .option = "--blkio-weight-device", .name = "I/O weight on a disk",
	  .controller = "io", .v1 = "blkio.weight_device", .v2 = "io.weight",
	  .value = "MAJOR:MINOR weight, the same", .at = AT_IO(weight),
	  .min = 10, .max = 1000, .none_v1 = "default", .none_v2 = "default",
	  .to_v2 = cgroup_io_weight_on_v2, .plan = cgroup_plan_io_device },
	{ .option = "--device-read-bps", .name = "bytes read a second",
	  RATE("read_bps_device", "rbps=", read_bps, INT64_MAX) },
	{ .option = "--device-write-bps", .name = "bytes written a second",
	  RATE("write_bps_device", "wbps=", write_bps, INT64_MAX) },
	{ .option = "--device-read-iops", .name = "reads a second",
	  RATE("read_iops_device", "riops=", read_iops, UINT32_MAX) },
	{ .option = "--device-write-iops", .name = "writes a second",
	  RATE("write_iops_device", "wiops=", write_iops, UINT32_MAX) },

	{ .name = "huge pages", .controller = "hugetlb",
	  .v1 = "hugetlb.SIZE.limit_in_bytes", .v2 = "hugetlb.SIZE.max",
	  .value = "bytes", .max = INT64_MAX, .none_v1 = "-1",
	  .none_v2 = "max", .plan = cgroup_plan_hugetlb },
	{ .name = "RDMA handles", RDMA("hca_handle=", handles) },
	{ .name = "RDMA objects", RDMA("hca_object=", objects) },
	{ .option = "--device", .name = "devices", .controller = "devices",
	  .v1 = "devices.allow", .without = "v2 takes a program, by bpf(2)",
	  .value = "c MAJOR:MINOR rwm",
	  .plan = cgroup_plan_devices },
};
const size_t cgroup_setting_count = countof(cgroup_settings);

const char *
cgroup_setting_file(const struct cgroup_setting *setting, int version)
{
	const char *file = version == 1 ? setting->v1 : setting->v2;
	struct utsname kernel;
	uname(&kernel);
	if (!file)
		failx("no %s: %s (this is Linux %s)", setting->name,
		      setting->without, kernel.release);
	return file;
}

char *
cgroup_setting_value(const struct cgroup_setting *setting, int version,
		     uint64_t number)
{
	const char *none = version == 1 ? setting->none_v1 : setting->none_v2;
	const char *word = version == 2 && setting->word_v2 ? setting->word_v2 :
							      "";
	if (number == CGROUP_NONE && none)
		return text("%s%s", word, none);
	number = cgroup_plain(number);
	if (number < setting->min || number > setting->max) {
		failx("%s: %" PRIu64 " is not between %" PRIu64 " and %" PRIu64,
		      setting->name, number, setting->min, setting->max);
		return NULL;
	}
	if (version == 2 && setting->to_v2)
		number = setting->to_v2(number);
	return text("%s%" PRIu64, word, number);
}

int
cgroup_plan_number(struct cgroup_plan *plan, const struct cgroup_limits *limits,
		   const struct cgroup_setting *setting)
{
	uint64_t number = cgroup_field(limits, setting->at);
	if (number == 0)
		return 0;
	const struct cgroup_dir *dir = cgroup_need(plan->cg,
						   setting->controller);
	if (!dir)
		return -1;
	int version = dir->in.version;
	const char *file = cgroup_setting_file(setting, version);
	/* A switch that is not there is off. */
	if (!file && number == CGROUP_ZERO && setting->max == 1)
		return 0;
	char *value = file ? cgroup_setting_value(setting, version, number) :
			     NULL;
	if (!value)
		return -1;
	struct cgroup_write *write = cgroup_plan_add(plan, dir, file, value);
	write->granule = setting->granule;
	if (setting->key)
		write->key = copy_text(setting->key);
	return 0;
}
