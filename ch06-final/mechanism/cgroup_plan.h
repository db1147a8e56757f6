/*
 * cgroup_plan.h - inside cgroup_limit(): what is to be written where, all of
 * it known before the first file is touched.
 *
 * Each resource has a function that looks at its part of the limits, refuses
 * what makes no sense, and adds its writes to the plan (cgroup_memory.c,
 * cgroup_cpu.c, cgroup_io.c, cgroup_pages.c, cgroup_device.c).  The plan is
 * then carried out, each file read before and after, or undone.
 */
#ifndef CGROUP_PLAN_H
#define CGROUP_PLAN_H

#include <string.h>

#include "cgroup_limit.h"
#include "device_program.h"

/* One file to be written. */
struct cgroup_write {
	const struct cgroup_dir *dir;
	char *file;
	char *value;
	uint64_t granule; /* the kernel rounds down to a multiple of it */
	char *key;	  /* or NULL: of the lines in the file only that which
			     begins with this word is ours... */
	const char *unset; /* ...and says this when it is not there */
	bool optional;	  /* the file may be missing */
	bool only_read;	  /* it must say `value` without being written */
	bool as_it_is;	  /* every line of `value`, and nothing is compared */
	/* For devices, of which several files speak: */
	const struct device_rule *rules;
	size_t rule_count;
	char *before; /* what it said, to be put back; NULL: nothing is */
	bool written;
};

struct cgroup_plan {
	const struct cgroup *cg;
	struct cgroup_write *writes;
	size_t count;
	struct device_program program; /* for v2; attached after all writes */
};

/* Add a write, which takes over `value`, and is the caller's to adorn until
 * the next is added. */
struct cgroup_write *cgroup_plan_add(struct cgroup_plan *plan,
				     const struct cgroup_dir *dir,
				     const char *file, char *value);

/* The same for a file of lines "KEY VALUE", of which each is an object's own;
 * `unset` is what one says that is not there. */
void cgroup_plan_add_line(struct cgroup_plan *plan,
			  const struct cgroup_dir *dir, const char *file,
			  const char *key, const char *value,
			  const char *unset);

/* Write the rules and see that they hold; go back to those of before. */
int cgroup_put_rules(const struct cgroup_write *write);
void cgroup_undo_rules(const struct cgroup_write *write);

/* The failure of one file, in words.  `now` is what it says instead, or NULL;
 * a code of 0: the kernel took the value, and did something else. */
int cgroup_explain(const struct cgroup_write *write, int code,
		   const char *now);

/* The directory of the cgroup with this controller, or NULL and a failure that
 * says why there is none. */
const struct cgroup_dir *cgroup_need(const struct cgroup *cg,
				     const char *controller);

/* The number as this setting wants it written, or NULL when it is out of its
 * bounds.  The caller frees. */
char *cgroup_setting_value(const struct cgroup_setting *setting, int version,
			   uint64_t number);
uint64_t cgroup_io_weight_on_v2(uint64_t weight);

/* CGROUP_ZERO is the number 0. */
static inline uint64_t
cgroup_plain(uint64_t number)
{
	return number == CGROUP_ZERO ? 0 : number;
}

/* The number at this offset of a structure. */
static inline uint64_t
cgroup_field(const void *structure, size_t at)
{
	uint64_t number;
	memcpy(&number, (const char *)structure + at, sizeof(number));
	return number;
}

/* The functions of the table in cgroup_settings.c, each for one row or more. */
cgroup_planner cgroup_plan_memory;
cgroup_planner cgroup_plan_number;
cgroup_planner cgroup_plan_swappiness;
cgroup_planner cgroup_plan_quota;
cgroup_planner cgroup_plan_cpuset;
cgroup_planner cgroup_plan_io_weight;
cgroup_planner cgroup_plan_io_device;
cgroup_planner cgroup_plan_hugetlb;
cgroup_planner cgroup_plan_rdma;
cgroup_planner cgroup_plan_devices;

#endif
