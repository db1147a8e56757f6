/*
 * cgroup_io.c - planning weights and rates of disks; see cgroup_plan.h.
 *
 * v1 has a file for each of four rates, v2 has them all in io.max: a write to
 * it names the disk and what is to change, and leaves the rest.
 */
#include <string.h>
#include <unistd.h>

#include "cgroup_plan.h"

#define IO_MAX_UNSET "rbps=max wbps=max riops=max wiops=max"

/* Weights of 10 to 1000 to those of io.weight, 1 to 10000: the straight line,
 * as runc and crun have it. */
uint64_t
cgroup_io_weight_on_v2(uint64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

/* Where the BFQ scheduler is there it brings weights of its own, on v1 and on
 * v2 from 1 to 1000: "io.bfq.weight".  NULL: it is not. */
static char *
bfq_file(const struct cgroup_dir *dir, const char *file)
{
	const char *dot = strchr(file, '.');
	auto_free char *bfq = text("%.*s.bfq%s", (int)(dot - file), file, dot);
	return faccessat(dir->fd, bfq, F_OK, 0) == 0 ? take_ptr(&bfq) : NULL;
}

/* Add the write of `number`, for one disk or (NULL) for all. */
static int
add(struct cgroup_plan *plan, const struct cgroup_setting *setting,
    const char *disk, uint64_t number)
{
	const struct cgroup_dir *dir = cgroup_need(plan->cg, "io");
	if (!dir)
		return -1;
	int version = dir->in.version;
	const char *file = cgroup_setting_file(setting, version);
	auto_free char *bfq = setting->to_v2 ? bfq_file(dir, file) : NULL;
	/* What is written to BFQ's files is as on v1. */
	auto_free char *value = cgroup_setting_value(
		setting, bfq ? 1 : version, number);
	if (!value)
		return -1;
	if (bfq)
		file = bfq;
	if (!disk)
		cgroup_plan_add(plan, dir, file, take_ptr(&value));
	else
		cgroup_plan_add_line(plan, dir, file, disk, value,
				     setting->to_v2 ? "default" :
				     version == 1   ? "0" : IO_MAX_UNSET);
	return 0;
}

int
cgroup_plan_io_weight(struct cgroup_plan *plan,
		      const struct cgroup_limits *limits,
		      const struct cgroup_setting *setting)
{
	return limits->io_weight ? add(plan, setting, NULL, limits->io_weight) :
				   0;
}

int
cgroup_plan_io_device(struct cgroup_plan *plan,
		      const struct cgroup_limits *limits,
		      const struct cgroup_setting *setting)
{
	for (size_t i = 0; i < limits->io_count; i++) {
		const struct cgroup_io_limit *limit = &limits->io[i];
		uint64_t number = cgroup_field(limit, setting->at);
		auto_free char *disk = text("%u:%u", limit->major,
					    limit->minor);
		if (number && add(plan, setting, disk, number) < 0)
			return -1;
	}
	return 0;
}
