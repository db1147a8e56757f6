/* cgroup_pages.c - planning huge pages and RDMA, each limited by a name; see
 * cgroup_plan.h. */
#include <ctype.h>
#include <string.h>

#include "cgroup_plan.h"

/* "2MB" in bytes, or 0. */
static uint64_t
size_in_bytes(const char *size)
{
	static const char units[] = "KMG";
	uint64_t bytes = 0;
	for (; isdigit((unsigned char)*size); size++)
		bytes = 10 * bytes + (*size - '0');
	const char *unit = *size ? strchr(units, *size) : NULL;
	if (!unit || strcmp(size + 1, "B") != 0)
		return 0;
	return bytes << 10 * (unit - units + 1);
}

static int
plan_size(struct cgroup_plan *plan, const struct cgroup_setting *setting,
	  const struct cgroup_hugetlb_limit *limit)
{
	uint64_t granule = size_in_bytes(limit->page_size);
	if (granule == 0)
		return failx("\"%s\" is no size of pages like 2MB",
			     limit->page_size);
	const struct cgroup_dir *dir = cgroup_need(plan->cg, "hugetlb");
	if (!dir)
		return -1;
	bool v2 = dir->in.version == 2;
	/* What is in use, and (Linux 5.7) what mmap(2) has promised: met at
	 * this one mmap fails, met at the other alone the process is killed. */
	static const char *const kinds[] = { "", "rsvd." };
	for (size_t i = 0; i < countof(kinds); i++) {
		char *value = cgroup_setting_value(setting, dir->in.version,
						   limit->bytes);
		if (!value)
			return -1;
		auto_free char *file = text("hugetlb.%s.%s%s", limit->page_size,
					    kinds[i],
					    v2 ? "max" : "limit_in_bytes");
		struct cgroup_write *write =
			cgroup_plan_add(plan, dir, file, value);
		write->granule = granule;
		write->optional = i > 0;
	}
	return 0;
}

int
cgroup_plan_hugetlb(struct cgroup_plan *plan,
		    const struct cgroup_limits *limits,
		    const struct cgroup_setting *setting)
{
	for (size_t i = 0; i < limits->hugetlb_count; i++)
		if (limits->hugetlb[i].bytes &&
		    plan_size(plan, setting, &limits->hugetlb[i]) < 0)
			return -1;
	return 0;
}

int
cgroup_plan_rdma(struct cgroup_plan *plan, const struct cgroup_limits *limits,
		 const struct cgroup_setting *setting)
{
	for (size_t i = 0; i < limits->rdma_count; i++) {
		const struct cgroup_rdma_limit *limit = &limits->rdma[i];
		uint64_t number = cgroup_field(limit, setting->at);
		if (number == 0)
			continue;
		const struct cgroup_dir *dir = cgroup_need(plan->cg, "rdma");
		/* v1's file is as v2's. */
		auto_free char *value =
			dir ? cgroup_setting_value(setting, 2, number) : NULL;
		if (!value)
			return -1;
		cgroup_plan_add_line(plan, dir, setting->v2, limit->device,
				     value, "hca_handle=max hca_object=max");
	}
	return 0;
}
