/*
 * cgroup_limit.h - how much a cgroup may use, in plain numbers.
 *
 *	struct cgroup_limits limits = {
 *		.memory = 100 << 20,
 *		.cpu_quota_us = 50000,
 *		.cpuset_cpus = "0-1",
 *		.io = &(struct cgroup_io_limit){ 8, 0, .read_bps = 1 << 20 },
 *		.io_count = 1,
 *	};
 *	if (cgroup_limit(&cg, &limits) < 0)
 *		return -1;
 *
 * The numbers are those of Docker's options and of the OCI specification.  In
 * which file of v1 or of v2 each is written, and how, says one table:
 * cgroup_settings.
 *
 * See the kernel's admin-guide/cgroup-v1/ and admin-guide/cgroup-v2, and the
 * runtime specification's config-linux.md, "Control groups".
 */
#ifndef CGROUP_LIMIT_H
#define CGROUP_LIMIT_H

#include "cgroup.h"

/*
 * In every number: 0 leaves as it is what there is.  So the number 0 itself,
 * where it has a meaning (a swappiness of 0, or `cpu_idle` taken back), has a
 * name; the absence of a limit is CGROUP_NONE.
 */
#define CGROUP_ZERO (UINT64_MAX - 1)

/* With a limit for memory alone swap is left as it is. */
#define CGROUP_SWAP_KEEP INT64_MIN

/* Of one disk (not of a partition). */
struct cgroup_io_limit {
	unsigned int major, minor;
	uint64_t read_bps, write_bps;	/* bytes a second */
	uint64_t read_iops, write_iops; /* operations a second */
	uint64_t weight;		/* as `io_weight`, on this disk */
};

struct cgroup_hugetlb_limit {
	const char *page_size; /* "2MB", as /sys/fs/cgroup has it */
	uint64_t bytes;
};

struct cgroup_rdma_limit {
	const char *device; /* "mlx4_0" */
	uint64_t handles, objects;
};

/*
 * A file of which this module knows no more than its name: each line of `value`
 * is written to it, and what it says then is not compared.
 */
struct cgroup_file {
	int version;
	const char *controller; /* NULL: every cgroup has it */
	const char *name, *value;
};

struct device_rule;

struct cgroup_limits {
	/* Memory, in bytes. */
	uint64_t memory;
	int64_t memory_swap;   /* memory and swap together, as Docker has it:
				  0: twice `memory`; -1: no limit; equal to
				  `memory`: no swap at all; CGROUP_SWAP_KEEP */
	uint64_t memory_reservation; /* is kept when memory is short: v1's soft
				  limit, v2's memory.low */
	uint64_t swappiness;	     /* to 100; v1 alone, see below */
	uint64_t oom_kill_disable;   /* 1: at the limit wait, do not die; v1 */
	uint64_t kernel_memory;	     /* v1 before Linux 5.16 */

	/* CPU time. */
	uint64_t cpu_shares;	/* 2 to 262144; 1024 is the kernel's default */
	uint64_t cpu_quota_us;	/* in each period */
	uint64_t cpu_period_us; /* 1000 to 1000000 */
	uint64_t cpu_burst_us;	/* unused quota that may be saved up */
	uint64_t cpu_idle;	/* 1: only what nobody else wants */
	const char *cpuset_cpus; /* "0-2,7", NULL: left as it is */
	const char *cpuset_mems; /* the same of memory nodes */

	uint64_t pids; /* processes and threads */

	/* Disks. */
	uint64_t io_weight; /* 10 to 1000 against its siblings */
	const struct cgroup_io_limit *io;
	size_t io_count;

	const struct cgroup_hugetlb_limit *hugetlb;
	size_t hugetlb_count;
	const struct cgroup_rdma_limit *rdma;
	size_t rdma_count;

	/* Which devices may be opened and made: device_program.h. */
	const struct device_rule *devices;
	size_t device_count;

	/* Written last, in this order. */
	const struct cgroup_file *files;
	size_t file_count;
};

/*
 * Set the limits.  All or nothing: when one is refused those before it are
 * put back.  The failure names the file, the value and the reason in words.
 * It is a failure, too,
 *
 * - when the controller is absent, or has no such setting in this version or
 *   in this kernel;
 * - when a value makes no sense: that is seen before anything is touched;
 * - when the kernel said yes and did something else: every file is read back
 *   (but `files`).  Memory is rounded down to whole pages, and that is none.
 *
 * v2 has no swappiness of a cgroup: there only that of the host, which is in
 * force anyway, is no failure.  Where the kernel does not account swap, only a
 * `memory_swap` that was asked for is a failure: the default of twice `memory`
 * is then left out.
 */
int cgroup_limit(const struct cgroup *cg, const struct cgroup_limits *limits);

/*
 * The v2 weight, 1 to 10000, of v1's CPU shares, by the formula of runc since
 * 1.3.2 and crun since 1.23: a curve through (2, 1), (1024, 100) and
 * (262144, 10000), the least, the default and the greatest of both:
 *
 *	weight = 10 ^ ((l * l + 125 * l) / 612 - 7 / 34), l = log2(shares)
 *
 * rounded up.  Before, it was the straight line through the two ends,
 * 1 + (shares - 2) * 9999 / 262142, which made of the default of v1 a weight
 * of 39, where every cgroup that nobody set anything in has 100.
 */
uint64_t cgroup_weight_of_shares(uint64_t shares);

/*
 * One row for each option of Docker's, and for what the OCI specification has
 * besides: where it ends up on v1 and on v2.
 */
struct cgroup_plan;
struct cgroup_setting;
typedef int cgroup_planner(struct cgroup_plan *plan,
			   const struct cgroup_limits *limits,
			   const struct cgroup_setting *setting);

struct cgroup_setting {
	const char *option;	/* "--memory-reservation", or NULL */
	const char *name;	/* "memory reservation" */
	const char *controller; /* "memory"; "io" is blkio on v1 */
	const char *v1, *v2;	/* the file, or NULL: there is none... */
	const char *without;	/* ...because */
	const char *value;	/* what is written, in words */

	/* For the module itself: */
	size_t at;		/* of the number in its structure */
	uint64_t min, max;	/* its bounds */
	uint64_t granule;	/* what the kernel rounds it down to */
	const char *none_v1, *none_v2; /* no limit, in the words of the file */
	const char *word_v2;	/* put before the number */
	const char *key;	/* of its line in the file, or NULL */
	uint64_t (*to_v2)(uint64_t); /* into the unit of v2's file, or NULL */
	cgroup_planner *plan;	/* NULL: an earlier row's does it */
};
extern const struct cgroup_setting cgroup_settings[];
extern const size_t cgroup_setting_count;

/* The file of this setting in this version, or NULL and a failure with the
 * reason and the number of this kernel. */
const char *cgroup_setting_file(const struct cgroup_setting *setting,
				int version);

#endif
