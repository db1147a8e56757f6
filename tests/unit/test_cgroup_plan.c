/* test_cgroup_plan.c - every limit on v1, v2 and hybrid hosts laid out in a
 * directory: what is written, what is refused and why, and what is put back. */
#include "cgroup_plan.h"

#include "cgroup_stat.h"
#include "test.h"

#include "a_cgroup.h"

#define BLKIO "sys/fs/cgroup/blkio/"
#define DEVICES "sys/fs/cgroup/devices/"
#define OTHER "sys/fs/cgroup/other/"

/* In place of device_attach.c: there is no kernel behind these directories. */
static int attached; /* instructions of the program, -1: none may be */

int
device_program_attach(const struct device_program *program, int dir)
{
	(void)dir;
	if (attached < 0)
		return failx("no program can be attached here");
	attached = program->count;
	return 0;
}

static int
limit(const struct cgroup_limits *limits)
{
	return cgroup_limit(&cg, limits);
}
#define LIMIT(...) limit(&(struct cgroup_limits){ __VA_ARGS__ })

/* Hosts that have everything. */
static void
whole_v1(void)
{
	fake_v1();
	put("proc/self/cgroup", "6:hugetlb,rdma:/\n5:devices:/\n4:blkio:/\n"
				"3:cpuset,cpu,cpuacct:/\n"
				"2:memory,freezer:/\n1:pids:/user\n");
	fake_mount(1, "sys/fs/cgroup/blkio", "blkio", "/");
	fake_mount(1, "sys/fs/cgroup/devices", "devices", "/");
	fake_mount(1, "sys/fs/cgroup/other", "hugetlb,rdma", "/");
}

static void
whole_v2(void)
{
	fake_v2();
	put(V2 "cgroup.controllers",
	    "cpuset cpu io memory hugetlb pids rdma\n");
}

static void
anew(void (*host)(void))
{
	fake_remove_tree(fake.where);
	put("proc/self/mountinfo", "");
	host();
	create(NAME);
}

/* ---- limits ------------------------------------------------------------- */

static const struct cgroup_limits all_limits = {
	.memory = 100 << 20,
	.cpu_quota_us = 50000,
	.pids = 8,
};

static void
v1_limits_are_written_as_the_kernel_wants_them(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	assert_int_equal(cgroup_limit(&cg, &all_limits), 0);
	assert_string_equal(get(MEMORY NAME "/memory.limit_in_bytes"),
			    "104857600");
	assert_string_equal(get(MEMORY NAME "/memory.memsw.limit_in_bytes"),
			    "209715200");
	assert_string_equal(get(CPU NAME "/cpu.cfs_quota_us"), "50000");
	assert_string_equal(get(CPU NAME "/cpu.cfs_period_us"), "100000");
	assert_string_equal(get(PIDS NAME "/pids.max"), "8");
	remove_all(CPU "mydocker");
}

static void
v2_limits_are_written_as_the_kernel_wants_them(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	assert_int_equal(cgroup_limit(&cg, &all_limits), 0);
	assert_string_equal(get(V2 NAME "/memory.max"), "104857600");
	assert_string_equal(get(V2 NAME "/memory.swap.max"), "104857600");
	assert_string_equal(get(V2 NAME "/cpu.max"), "50000 100000");
	assert_string_equal(get(V2 NAME "/pids.max"), "8");
	/* What is 0 is left as it is. */
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .cpu_period_us = 20000 }),
			 0);
	assert_string_equal(get(V2 NAME "/cpu.max"), "50000 20000");
	assert_string_equal(get(V2 NAME "/pids.max"), "8");
	remove_all(V2 "mydocker");
}

/* Docker's --memory against --memory-swap. */
static void
memory_and_swap_follow_docker(void **state)
{
	(void)state;
	static const struct {
		uint64_t memory;
		int64_t swap;
		const char *max, *swap_max; /* v2; NULL: refused */
	} cases[] = {
		{ 1000, 0, "1000", "1000" },
		{ 1000, 1000, "1000", "0" },
		{ 1000, 1500, "1000", "500" },
		{ 1000, -1, "1000", "max" },
		{ UINT64_C(5) << 30, 0, "5368709120", "5368709120" },
		{ INT64_MAX, 0, "9223372036854775807", "max" },
		{ 0, -1, "max", "max" },
		{ 1000, 999, NULL, NULL },
		{ 0, 1000, NULL, NULL },
		{ 1000, -2, NULL, NULL },
		{ UINT64_C(1) << 63, 0, NULL, NULL },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		fake_remove_tree(fake.where);
		put("proc/self/mountinfo", "");
		fake_v2();
		create(NAME);
		struct cgroup_limits limits = {
			.memory = cases[i].memory,
			.memory_swap = cases[i].swap,
		};
		assert_int_equal(cgroup_limit(&cg, &limits),
				 cases[i].max ? 0 : -1);
		assert_string_equal(get(V2 NAME "/memory.max"),
				    cases[i].max ? cases[i].max : "max");
		assert_string_equal(get(V2 NAME "/memory.swap.max"),
				    cases[i].max ? cases[i].swap_max : "max");
		remove_all(V2 "mydocker");
	}
}

/* The sum may at no moment be less than memory alone. */
static void
v1_raises_the_sum_first_and_lowers_it_last(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	fake.refuse = "memory.limit_in_bytes";
	fake.refuse_with = EINVAL;
	put(MEMORY NAME "/memory.limit_in_bytes", "1000\n");
	put(MEMORY NAME "/memory.memsw.limit_in_bytes", "2000\n");
	struct cgroup_limits more = { .memory = 4000 };
	assert_int_equal(cgroup_limit(&cg, &more), -1);
	assert_string_equal(get(MEMORY NAME "/memory.memsw.limit_in_bytes"),
			    "2000");
	assert_says("write \"4000\" to ");
	fake.refuse = "memory.memsw.limit_in_bytes";
	assert_int_equal(cgroup_limit(&cg, &more), -1);
	assert_says("write \"8000\" to "); /* the sum came first */
	struct cgroup_limits less = { .memory = 500 };
	fake.refuse = "memory.limit_in_bytes";
	assert_int_equal(cgroup_limit(&cg, &less), -1);
	assert_says("write \"500\" to "); /* memory came first */
	fake.refuse = NULL;
	remove_all(CPU "mydocker");
}

static void
without_swap_accounting_only_an_explicit_limit_fails(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	auto_free char *file = text("%s/" MEMORY NAME
				    "/memory.memsw.limit_in_bytes",
				    fake.where);
	assert_int_equal(unlink(file), 0);
	struct cgroup_limits limits = { .memory = 1000 };
	assert_int_equal(cgroup_limit(&cg, &limits), 0);
	limits.memory_swap = 1000;
	limits.memory = 900;
	assert_int_equal(cgroup_limit(&cg, &limits), -1);
	assert_says("swapaccount=1");
	assert_string_equal(get(MEMORY NAME "/memory.limit_in_bytes"), "1000");
	remove_all(CPU "mydocker");
}

static void
a_refused_limit_undoes_those_before_it(void **state)
{
	(void)state;
	fake_v1();
	create(NAME);
	struct cgroup_limits limits = all_limits;
	limits.pids = 5000000;
	assert_int_equal(cgroup_limit(&cg, &limits), -1);
	assert_int_equal(failure.code, EINVAL);
	assert_says("write \"5000000\" to ");
	assert_says("/pids.max: it must be no more than 4194304");
	assert_string_equal(get(MEMORY NAME "/memory.limit_in_bytes"),
			    "9223372036854771712");
	assert_string_equal(get(CPU NAME "/cpu.cfs_quota_us"), "-1");
	limits = (struct cgroup_limits){ .cpu_quota_us = 5 };
	assert_int_equal(cgroup_limit(&cg, &limits), -1);
	assert_says("CPU quota: 5 is not between 1000 and ");
	fake.refuse = "memory.limit_in_bytes";
	fake.refuse_with = EBUSY;
	assert_int_equal(cgroup_limit(&cg, &all_limits), -1);
	assert_says("more than that is in use");
	remove_all(CPU "mydocker");
}

static void
a_limit_without_its_controller_is_a_failure(void **state)
{
	(void)state;
	put("proc/self/cgroup", "2:memory:/\n1:pids:/\n0::/\n");
	fake_mount(1, "cg/pids", "pids", "/");
	fake_mount(2, "cg/v2", "hugetlb", "/");
	create(NAME);
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .memory = 1 }), -1);
	assert_says("no memory controller for " NAME ": it is not mounted");
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .cpu_quota_us = 5000 }),
			 -1);
	assert_says("no cpu controller for " NAME ": this kernel has none");
	assert_int_equal(cgroup_limit(&cg, &(struct cgroup_limits){
						   .pids = 1 }), 0);
	remove_all("cg/pids/mydocker");
}

/* ---- every row of the table --------------------------------------------- */

#define DISK(...)                                                             \
	.io = &(const struct cgroup_io_limit){ 8, 0, __VA_ARGS__ },           \
	.io_count = 1
#define HUGE(size_, bytes_)                                                   \
	.hugetlb = &(const struct cgroup_hugetlb_limit){ size_, bytes_ },     \
	.hugetlb_count = 1
#define RDMA(...)                                                             \
	.rdma = &(const struct cgroup_rdma_limit){ "mlx4_0", __VA_ARGS__ },   \
	.rdma_count = 1

/* What is asked for, and what the files say then; or a part of the refusal,
 * which begins with "!". */
static const struct {
	struct cgroup_limits limits;
	const char *v1_file, *v1;
	const char *v2_file, *v2;
} rows[] = {
	{ { .memory_reservation = 5000 },
	  MEMORY NAME "/memory.soft_limit_in_bytes", "4096",
	  V2 NAME "/memory.low", "4096" },
	{ { .memory_reservation = CGROUP_NONE },
	  MEMORY NAME "/memory.soft_limit_in_bytes", "-1",
	  V2 NAME "/memory.low", "0" },
	{ { .memory = CGROUP_NONE },
	  MEMORY NAME "/memory.memsw.limit_in_bytes", "-1",
	  V2 NAME "/memory.swap.max", "max" },
	{ { .swappiness = 10 }, MEMORY NAME "/memory.swappiness", "10",
	  NULL, "!no swappiness: v2 has one for the whole host" },
	{ { .swappiness = CGROUP_ZERO }, MEMORY NAME "/memory.swappiness", "0",
	  NULL, "!(this is Linux " },
	{ { .swappiness = 60 }, MEMORY NAME "/memory.swappiness", "60",
	  V2 NAME "/memory.low", "0" },
	{ { .swappiness = 101 }, NULL, "!101 is not between 0 and 100",
	  NULL, "!swappiness" },
	{ { .oom_kill_disable = 1 }, MEMORY NAME "/memory.oom_control",
	  "oom_kill_disable 1\nunder_oom 0\noom_kill 2",
	  NULL, "!on v2 the OOM killer cannot be switched off" },
	{ { .oom_kill_disable = CGROUP_ZERO },
	  MEMORY NAME "/memory.oom_control",
	  "oom_kill_disable 0\nunder_oom 0\noom_kill 2",
	  V2 NAME "/memory.low", "0" },
	{ { .kernel_memory = 1 << 20 }, NULL,
	  "!memory.kmem.limit_in_bytes, which says \"9223372036854771712\": "
	  "since Linux 5.16", NULL, "!no kernel memory: v2 counts it" },

	{ { .cpu_shares = 2048 }, CPU NAME "/cpu.shares", "2048",
	  V2 NAME "/cpu.weight", "174" },
	{ { .cpu_shares = 1 }, NULL, "!CPU shares: 1 is not between 2 and",
	  NULL, "!CPU shares: 1 is not between 2 and" },
	{ { .cpu_shares = CGROUP_NONE }, NULL, "!CPU shares: ",
	  NULL, "!CPU shares: " },
	{ { .cpu_quota_us = CGROUP_NONE }, CPU NAME "/cpu.cfs_quota_us", "-1",
	  V2 NAME "/cpu.max", "max 100000" },
	{ { .cpu_quota_us = 2000, .cpu_period_us = 4000 },
	  CPU NAME "/cpu.cfs_period_us", "4000",
	  V2 NAME "/cpu.max", "2000 4000" },
	{ { .cpu_period_us = 999 }, NULL, "!CPU period: 999 is not between",
	  NULL, "!CPU period: 999 is not between 1000 and 1000000" },
	{ { .cpu_burst_us = 1000 }, CPU NAME "/cpu.cfs_burst_us", "1000",
	  V2 NAME "/cpu.max.burst", "1000" },
	{ { .cpu_idle = 1 }, CPU NAME "/cpu.idle", "1",
	  V2 NAME "/cpu.idle", "1" },
	{ { .cpuset_cpus = "2,1,0" }, CPU NAME "/cpuset.cpus", "0-2",
	  V2 NAME "/cpuset.cpus", "0-2" },
	{ { .cpuset_mems = "0" }, CPU NAME "/cpuset.mems", "0",
	  V2 NAME "/cpuset.mems", "0" },
	{ { .cpuset_cpus = "1,x" }, NULL, "!\"1,x\" is no list like 0-2,7",
	  NULL, "!CPUs: \"1,x\" is no list" },

	{ { .pids = CGROUP_NONE }, PIDS NAME "/pids.max", "max",
	  V2 NAME "/pids.max", "max" },
	{ { .pids = CGROUP_ZERO }, PIDS NAME "/pids.max", "0",
	  V2 NAME "/pids.max", "0" },

	{ { .io_weight = 500 }, BLKIO NAME "/blkio.bfq.weight", "500",
	  V2 NAME "/io.weight", "default 4950" },
	{ { .io_weight = 9 }, NULL, "!I/O weight: 9 is not between 10 and 1000",
	  NULL, "!I/O weight: 9 is not between 10 and 1000" },
	{ { DISK(.weight = 10) }, BLKIO NAME "/blkio.bfq.weight_device",
	  "default 100\n8:0 10", V2 NAME "/io.weight", "default 100\n8:0 1" },
	{ { DISK(.read_bps = 1024) },
	  BLKIO NAME "/blkio.throttle.read_bps_device", "8:0 1024",
	  V2 NAME "/io.max", "8:0 rbps=1024 wbps=max riops=max wiops=max" },
	{ { DISK(.write_bps = 7, .write_iops = 10) },
	  BLKIO NAME "/blkio.throttle.write_iops_device", "8:0 10",
	  V2 NAME "/io.max", "8:0 rbps=max wbps=7 riops=max wiops=10" },
	{ { DISK(.read_iops = CGROUP_NONE) },
	  BLKIO NAME "/blkio.throttle.read_iops_device", "",
	  V2 NAME "/io.max", "" },
	{ { DISK(.read_iops = UINT64_C(1) << 32) },
	  NULL, "!reads a second: 4294967296 is not between 1 and 4294967295",
	  NULL, "!reads a second: 4294967296 is not between 1 and 4294967295" },

	{ { HUGE("2MB", 5000000) }, OTHER NAME "/hugetlb.2MB.limit_in_bytes",
	  "4194304", V2 NAME "/hugetlb.2MB.rsvd.max", "4194304" },
	{ { HUGE("1GB", 1 << 30) }, NULL, "!there are no huge pages of that",
	  NULL, "!hugetlb.1GB.max: there are no huge pages of that size" },
	{ { HUGE("../x", 1) }, NULL, "!\"../x\" is no size of pages like 2MB",
	  NULL, "!\"../x\" is no size of pages like 2MB" },
	{ { RDMA(2, 0) }, OTHER NAME "/rdma.max",
	  "mlx4_0 hca_handle=2 hca_object=max",
	  V2 NAME "/rdma.max", "mlx4_0 hca_handle=2 hca_object=max" },
	{ { RDMA(2, 3000) }, OTHER NAME "/rdma.max",
	  "mlx4_0 hca_handle=2 hca_object=3000",
	  V2 NAME "/rdma.max", "mlx4_0 hca_handle=2 hca_object=3000" },
};

static void
try_row(const struct cgroup_limits *limits, const char *file, const char *says)
{
	int result = limit(limits);
	if (says[0] == '!') {
		assert_int_equal(result, -1);
		assert_says(says + 1);
	} else if (result < 0) {
		fail_msg("%s", failure.text);
	} else {
		assert_string_equal(get(file), says);
	}
}

static void
every_setting_ends_in_its_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		anew(whole_v1);
		try_row(&rows[i].limits, rows[i].v1_file, rows[i].v1);
		remove_all(CPU "mydocker");
		anew(whole_v2);
		put("proc/sys/vm/swappiness", "60\n");
		try_row(&rows[i].limits, rows[i].v2_file, rows[i].v2);
		remove_all(V2 "mydocker");
	}
}

/* So that tables can be made of it. */
static void
every_setting_is_in_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < cgroup_setting_count; i++) {
		const struct cgroup_setting *s = &cgroup_settings[i];
		assert_true(s->name && s->controller && s->value);
		assert_true((s->v1 && s->v2) || s->without);
		assert_true(s->plan || i > 0);
		assert_ptr_equal(cgroup_setting_file(s, 1), s->v1);
		assert_ptr_equal(cgroup_setting_file(s, 2), s->v2);
	}
}

/* ---- the details -------------------------------------------------------- */

/* v1: the share may at no moment be larger than it was or is to be. */
static void
a_shorter_period_is_written_last(void **state)
{
	(void)state;
	anew(whole_v1);
	fake.refuse = "cpu.cfs_period_us";
	fake.refuse_with = EINVAL;
	assert_int_equal(LIMIT(.cpu_quota_us = 5000, .cpu_period_us = 10000),
			 -1);
	assert_says("cpu.cfs_period_us: it is a larger share than");
	fake.refuse = "cpu.cfs_quota_us";
	assert_int_equal(LIMIT(.cpu_quota_us = 5000, .cpu_period_us = 10000),
			 -1);
	assert_string_equal(get(CPU NAME "/cpu.cfs_period_us"), "100000");
	assert_int_equal(LIMIT(.cpu_quota_us = 5000, .cpu_period_us = 200000),
			 -1);
	assert_string_equal(get(CPU NAME "/cpu.cfs_period_us"), "100000");
	fake.refuse = NULL;
	remove_all(CPU "mydocker");
}

/* v2 takes any list, and then gives other CPUs. */
static void
a_set_that_did_not_come_true_is_refused(void **state)
{
	(void)state;
	anew(whole_v2);
	assert_int_equal(LIMIT(.cpuset_cpus = "7"), -1);
	assert_says("want \"7\" in ");
	assert_says("cpuset.cpus.effective, which says \"0-3\": the cgroup "
		    "above has not got all of these");
	assert_string_equal(get(V2 NAME "/cpuset.cpus"), "");
	remove_all(V2 "mydocker");
	anew(whole_v1);
	fake.refuse = "cpuset.cpus";
	fake.refuse_with = EACCES;
	assert_int_equal(LIMIT(.cpuset_cpus = "7"), -1);
	assert_says("the cgroup above has not got all of these");
	fake.refuse = NULL;
	remove_all(CPU "mydocker");
}

static void
bfq_has_weights_of_its_own(void **state)
{
	(void)state;
	anew(whole_v2);
	put(V2 NAME "/io.bfq.weight", "default 100\n");
	assert_int_equal(LIMIT(.io_weight = 500, DISK(.weight = 300)), 0);
	assert_string_equal(get(V2 NAME "/io.weight"), "default 100");
	assert_string_equal(get(V2 NAME "/io.bfq.weight"),
			    "default 500\n8:0 300");
	remove_all(V2 "mydocker");
	anew(whole_v1);
	auto_free char *bfq = text("%s/" BLKIO NAME "/blkio.bfq.weight",
				   fake.where);
	assert_int_equal(unlink(bfq), 0);
	assert_int_equal(LIMIT(.io_weight = 500), -1);
	assert_says("blkio.weight: this kernel has no weights of I/O");
	remove_all(CPU "mydocker");
}

static void
lines_of_other_disks_stay(void **state)
{
	(void)state;
	anew(whole_v2);
	const struct cgroup_io_limit two[] = { { 8, 0, .read_bps = 10 },
					       { 8, 16, .write_bps = 20 } };
	assert_int_equal(LIMIT(.io = two, .io_count = 2), 0);
	const char *both = "8:0 rbps=10 wbps=max riops=max wiops=max\n"
			   "8:16 rbps=max wbps=20 riops=max wiops=max";
	assert_string_equal(get(V2 NAME "/io.max"), both);
	/* Put back, the one with its line, the other without. */
	fake.refuse = "rdma.max";
	fake.refuse_with = ENODEV;
	const struct cgroup_io_limit more[] = { { 8, 16, .read_bps = 30 },
						{ 8, 32, .read_iops = 40 } };
	assert_int_equal(LIMIT(.io = more, .io_count = 2, RDMA(1, 0)), -1);
	assert_says("rdma.max: there is no such RDMA device");
	assert_string_equal(get(V2 NAME "/io.max"), both);
	fake.refuse = NULL;
	remove_all(V2 "mydocker");
}

/* Of every file of the cgroup what it says. */
static char *
everything(void)
{
	char *all = copy_text("");
	for (size_t d = 0; d < cg.count; d++)
		for (size_t f = 0; f < countof(fake_files); f++) {
			auto_free char *says = read_all(
				cg.dirs[d].fd, fake_files[f].name, NULL);
			auto_free char *before = all;
			all = text("%s%s: %s", before, fake_files[f].name,
				   says ? says : "none\n");
		}
	return all;
}

static void
everything_is_put_back(void **state)
{
	(void)state;
	void (*const hosts[])(void) = { whole_v1, whole_v2 };
	for (size_t i = 0; i < countof(hosts); i++) {
		anew(hosts[i]);
		/* These are handed down when they are asked for. */
		struct cgroup_limits asked = { HUGE("2MB", CGROUP_NONE),
					       RDMA(CGROUP_NONE, 0) };
		assert_int_equal(limit(&asked), 0);
		auto_free char *before = everything();
		struct cgroup_limits limits = {
			.memory = 4096000,
			.memory_reservation = 4096,
			.swappiness = i ? 0 : 10,
			.oom_kill_disable = i ? 0 : 1,
			.cpu_shares = 2,
			.cpu_quota_us = 4000,
			.cpu_period_us = 2000,
			.cpu_burst_us = 1000,
			.cpu_idle = 1,
			.cpuset_cpus = "1",
			.cpuset_mems = "0",
			.pids = 10,
			.io_weight = 10,
			HUGE("2MB", 2 << 20),
			DISK(1, 2, 3, 4, 20),
			RDMA(1, 1),
		};
		fake.refuse = "rdma.max"; /* the last of them all */
		fake.refuse_with = EINVAL;
		assert_int_equal(limit(&limits), -1);
		assert_says("rdma.max");
		auto_free char *after = everything();
		assert_string_equal(before, after);
		fake.refuse = NULL;
		if (limit(&limits) < 0)
			fail_msg("%s", failure.text);
		auto_free char *changed = everything();
		assert_string_not_equal(before, changed);
		remove_all(V2 "mydocker");
	}
}

static void
the_curve_of_weights_has_three_points(void **state)
{
	(void)state;
	static const unsigned int points[][2] = {
		{ 2, 1 },      { 3, 2 },       { 512, 59 },
		{ 1024, 100 }, { 2000, 170 },  { 2048, 174 },
		{ 4096, 303 }, { 262143, 10000 }, { 262144, 10000 },
	};
	for (size_t i = 0; i < countof(points); i++)
		assert_int_equal(cgroup_weight_of_shares(points[i][0]),
				 points[i][1]);
	uint64_t last = 0;
	for (uint64_t shares = 2; shares <= 262144; shares += 97) {
		uint64_t weight = cgroup_weight_of_shares(shares);
		assert_true(weight >= last);
		last = weight;
	}
}

static void
swap_may_be_kept(void **state)
{
	(void)state;
	void (*const hosts[])(void) = { whole_v1, whole_v2 };
	for (int i = 0; i < 2; i++) {
		const char *swap = i ? V2 NAME "/memory.swap.max" :
				       MEMORY NAME
				       "/memory.memsw.limit_in_bytes";
		anew(hosts[i]);
		auto_free char *before = copy_text(get(swap));
		assert_int_equal(LIMIT(.memory = 4096000,
				       .memory_swap = CGROUP_SWAP_KEEP), 0);
		assert_string_equal(get(swap), before);
		assert_int_equal(LIMIT(.memory_swap = CGROUP_SWAP_KEEP), 0);
		remove_all(V2 "mydocker");
	}
}

static void
other_files_are_written_as_they_are(void **state)
{
	(void)state;
	const struct cgroup_file files[] = {
		{ 2, "io", "io.max", "8:0 rbps=1\n8:16 wbps=2" },
		{ 2, NULL, "cgroup.freeze", "1" },
		{ 2, "memory", "memory.low", "4097" }, /* and is rounded */
	};
	anew(whole_v2);
	assert_int_equal(LIMIT(.files = files, .file_count = 3), 0);
	assert_string_equal(get(V2 NAME "/memory.low"), "4096");
	assert_string_equal(get(V2 NAME "/cgroup.freeze"), "1");
	assert_non_null(strstr(get(V2 NAME "/io.max"), "8:16 "));
	put(V2 NAME "/cgroup.freeze", "0\n");
	fake.refuse = "memory.low";
	fake.refuse_with = EBUSY;
	assert_int_equal(LIMIT(.files = files, .file_count = 3), -1);
	assert_says("write \"4097\" to ");
	assert_string_equal(get(V2 NAME "/cgroup.freeze"), "0");
	remove_all(V2 "mydocker");
	anew(whole_v1);
	assert_int_equal(LIMIT(.files = files, .file_count = 1), -1);
	assert_says("no io.max: it is a file of cgroup v2");
	remove_all(CPU "mydocker");
}

/* ---- devices ------------------------------------------------------------ */

static const struct device_rule some[] = {
	DEVICE_DENY_ALL,
	{ true, 'c', 1, 3, "rwm" },
	{ true, 'c', 136, DEVICE_ANY, "rw" },
	{ false, 'c', 1, 3, "m" },
};

static void
devices_are_a_list_on_v1(void **state)
{
	(void)state;
	anew(whole_v1);
	assert_int_equal(LIMIT(.devices = some, .device_count = 4), 0);
	assert_string_equal(get(DEVICES NAME "/devices.list"),
			    "c 1:3 rw\nc 136:* rw");
	/* An exception to an exception; a list that is not taken. */
	const struct device_rule nested[] = { DEVICE_DENY_ALL,
					      { true, 'c', 1, -1, "r" },
					      { false, 'c', 1, 3, "rw" } };
	assert_int_equal(LIMIT(.devices = nested, .device_count = 3), -1);
	assert_says("allow \"c 1:* r\", deny \"c 1:3 rw\"");
	fake.refuse = "devices.allow";
	fake.refuse_with = EPERM;
	assert_int_equal(LIMIT(.devices = some, .device_count = 2), -1);
	assert_says("write \"c 1:3 rwm\" to ");
	assert_says("devices.allow: the cgroup above does not allow it");
	fake.refuse = NULL;
	assert_int_equal(LIMIT(.devices = &some[1], .device_count = 1), 0);
	remove_all(CPU "mydocker");
}

static void
a_list_of_devices_is_put_back(void **state)
{
	(void)state;
	anew(whole_v1);
	const struct device_rule other[] = { DEVICE_DENY_ALL,
					     { true, 'b', 8, 0, "r" } };
	const struct device_rule bad[] = { DEVICE_DENY_ALL,
					   { true, 'b', 8, 1, "x" } };
	for (int i = 0; i < 2; i++) {
		const char *list = i ? "c 1:3 rw\nc 136:* rw" : "a *:* rwm";
		assert_string_equal(get(DEVICES NAME "/devices.list"), list);
		fake.ignore = "b 8:0 r"; /* taken, and not done */
		assert_int_equal(LIMIT(.devices = other, .device_count = 2),
				 -1);
		assert_says("devices.allow: it is not in devices.list");
		fake.ignore = NULL;
		assert_string_equal(get(DEVICES NAME "/devices.list"), list);
		assert_int_equal(LIMIT(.devices = bad, .device_count = 2), -1);
		assert_says("rule 2 for devices: \"x\" is not some of rwm");
		assert_int_equal(LIMIT(.devices = some, .device_count = 4), 0);
	}
	remove_all(CPU "mydocker");
}

static void
a_denial_of_nothing_does_no_harm(void **state)
{
	(void)state;
	anew(whole_v1);
	const struct device_rule rules[] = { DEVICE_DENY_ALL,
					     { false, 'c', 10, 229, "rwm" },
					     { true, 'c', -1, -1, "m" } };
	assert_int_equal(LIMIT(.devices = rules, .device_count = 3), 0);
	assert_string_equal(get(DEVICES NAME "/devices.list"), "c *:* m");
	remove_all(CPU "mydocker");
}

static void
devices_are_a_program_on_v2(void **state)
{
	(void)state;
	anew(whole_v2);
	attached = 0;
	assert_int_equal(LIMIT(.pids = 5, .devices = some, .device_count = 4),
			 0);
	assert_true(attached > 6);
	assert_string_equal(get(V2 NAME "/pids.max"), "5");
	attached = -1; /* and then nothing else is left either */
	assert_int_equal(LIMIT(.pids = 7, .devices = some, .device_count = 4),
			 -1);
	assert_says("no program can be attached");
	assert_string_equal(get(V2 NAME "/pids.max"), "5");
	remove_all(V2 "mydocker");
	anew(fake_v1); /* neither the controller nor a v2 */
	assert_int_equal(LIMIT(.devices = some, .device_count = 4), -1);
	assert_says("no devices controller");
	remove_all(CPU "mydocker");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(v1_limits_are_written_as_the_kernel_wants_them),
		fake_test(v2_limits_are_written_as_the_kernel_wants_them),
		fake_test(memory_and_swap_follow_docker),
		fake_test(v1_raises_the_sum_first_and_lowers_it_last),
		fake_test(without_swap_accounting_only_an_explicit_limit_fails),
		fake_test(a_refused_limit_undoes_those_before_it),
		fake_test(a_limit_without_its_controller_is_a_failure),
		fake_test(every_setting_ends_in_its_file),
		fake_test(every_setting_is_in_the_table),
		fake_test(a_shorter_period_is_written_last),
		fake_test(a_set_that_did_not_come_true_is_refused),
		fake_test(bfq_has_weights_of_its_own),
		fake_test(lines_of_other_disks_stay),
		fake_test(everything_is_put_back),
		fake_test(the_curve_of_weights_has_three_points),
		fake_test(devices_are_a_list_on_v1),
		fake_test(a_list_of_devices_is_put_back),
		fake_test(a_denial_of_nothing_does_no_harm),
		fake_test(devices_are_a_program_on_v2),
		fake_test(swap_may_be_kept),
		fake_test(other_files_are_written_as_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
