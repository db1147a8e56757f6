/* test_cgroup_stat.c - what is read of a cgroup, the same on v1, v2 and hybrid
 * hosts laid out in a directory. */
#include "cgroup_stat.h"

#include "cgroup_limit.h"
#include "test.h"

#include "a_cgroup.h"

static const struct cgroup_limits all_limits = {
	.memory = 100 << 20,
	.cpu_quota_us = 50000,
	.pids = 8,
};

static void
readings_are_the_same_on_v1_and_v2(void **state)
{
	void (*const hosts[])(void) = { fake_v1, fake_v2, fake_hybrid };
	(void)state;
	for (size_t i = 0; i < countof(hosts); i++) {
		struct cgroup_usage u;
		fake_remove_tree(fake.where);
		put("proc/self/mountinfo", "");
		hosts[i]();
		create(NAME);
		assert_int_equal(cgroup_limit(&cg, &all_limits), 0);
		assert_int_equal(cgroup_read_usage(&cg, &u), 0);
		assert_int_equal(u.memory, 4096);
		assert_int_equal(u.memory_peak, 8192);
		assert_int_equal(u.memory_anon, 3072);
		assert_int_equal(u.memory_cache, 1024);
		assert_int_equal(u.memory_swap, 512);
		assert_int_equal(u.memory_stops, 6);
		assert_int_equal(u.memory_limit, 100 << 20);
		assert_int_equal(u.oom_kills, 2);
		assert_int_equal(u.cpu_us, 1234);
		assert_int_equal(u.cpu_user_us, 1000);
		assert_int_equal(u.cpu_system_us, 234);
		assert_int_equal(u.cpu_throttled_us, 5);
		assert_int_equal(u.cpu_quota_us, 50000);
		assert_int_equal(u.cpu_period_us, 100000);
		assert_int_equal(u.cpu_periods, 7);
		assert_int_equal(u.cpu_throttled, 3);
		assert_int_equal(u.pids, 5);
		assert_int_equal(u.pids_limit, 8);
		assert_int_equal(u.pids_refused, 9);
		assert_int_equal(cgroup_destroy(&cg), 0);
		/* Gone: the files are, and the failure says so. */
		assert_int_equal(cgroup_read_usage(&cg, &u), -1);
		assert_says("gone");
		cgroup_close(&cg);
	}
}

static void
what_is_unlimited_or_unknown_is_none(void **state)
{
	(void)state;
	void (*const hosts[])(void) = { fake_v1, fake_v2 };
	for (size_t i = 0; i < countof(hosts); i++) {
		struct cgroup_usage u;
		fake_remove_tree(fake.where);
		put("proc/self/mountinfo", "");
		hosts[i]();
		create(NAME);
		auto_free char *peak =
			text("%s/memory.peak", cg.dirs[0].path);
		unlink(peak);
		assert_int_equal(cgroup_read_usage(&cg, &u), 0);
		assert_true(u.memory_limit == CGROUP_NONE);
		assert_true(u.cpu_quota_us == CGROUP_NONE);
		assert_true(u.pids_limit == CGROUP_NONE);
		assert_true((u.memory_peak == CGROUP_NONE) == (i == 1));
		assert_int_equal(u.cpu_period_us, 100000);
		remove_all(V2 "mydocker");
	}
}

static void
numbers_are_strict(void **state)
{
	(void)state;
	static const struct {
		const char *content, *key;
		bool good;
		uint64_t value;
	} cases[] = {
		{ "5\n", NULL, true, 5 },
		{ "max\n", NULL, true, CGROUP_NONE },
		{ "-1\n", NULL, true, CGROUP_NONE },
		{ "18446744073709551615\n", NULL, true, CGROUP_NONE },
		{ "18446744073709551616\n", NULL, false, 0 },
		{ "a 1\nab 2\n", "ab", true, 2 },
		{ "ab 1\na 2\n", "a", true, 2 },
		{ "oom_kill_disable 0\noom_kill 3", "oom_kill", true, 3 },
		{ "ab 1\n", "a", false, 0 },
		{ "a 1 b 2\n", "b", false, 0 },
		{ "a\n", "a", false, 0 },
		{ "a \n", "a", false, 0 },
		{ "-5\n", NULL, false, 0 },
		{ "5x\n", NULL, false, 0 },
		{ "", NULL, false, 0 },
		{ "\n", NULL, false, 0 },
	};
	auto_close int dir = open(fake.where, O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < countof(cases); i++) {
		uint64_t value = 0;
		put("file", cases[i].content);
		assert_int_equal(cgroup_read_number(dir, "file", cases[i].key,
						    &value),
				 cases[i].good ? 0 : -1);
		assert_true(value == cases[i].value);
	}
}


/* ---- disks -------------------------------------------------------------- */

static void
v1_with_disks(void)
{
	fake_v1();
	put("proc/self/cgroup", "1:blkio:/\n");
	fake_mount(1, "sys/fs/cgroup/blkio", "blkio", "/");
}

static void
disks_are_counted_the_same(void **state)
{
	(void)state;
	void (*const hosts[])(void) = { v1_with_disks, fake_v2 };
	for (size_t i = 0; i < countof(hosts); i++) {
		fake_remove_tree(fake.where);
		put("proc/self/mountinfo", "");
		hosts[i]();
		create(NAME);
		struct cgroup_io *all;
		size_t count;
		assert_int_equal(cgroup_read_io(&cg, &all, &count), 0);
		assert_int_equal(count, 1);
		assert_true(all[0].major == 8 && all[0].minor == 0);
		assert_int_equal(all[0].read_bytes, 4096);
		assert_int_equal(all[0].write_bytes, 8192);
		assert_int_equal(all[0].reads, 1);
		assert_int_equal(all[0].writes, 2);
		free(all);
		remove_all(V2 "mydocker");
	}
}

static void
disks_in_odd_files(void **state)
{
	(void)state;
	fake_v2();
	create(NAME);
	struct cgroup_io *all;
	size_t count;
	put(V2 NAME "/io.stat", "8:16 \n254:3 wbytes=1 rios=9\nnonsense\n8:\n");
	assert_int_equal(cgroup_read_io(&cg, &all, &count), 0);
	assert_int_equal(count, 2);
	assert_true(all[0].minor == 16 && all[0].reads == 0);
	assert_true(all[1].minor == 3 && all[1].reads == 9);
	free(all);
	put(V2 NAME "/io.stat", "");
	assert_int_equal(cgroup_read_io(&cg, &all, &count), 0);
	assert_int_equal(count, 0);
	assert_null(all);
	remove_all(V2 "mydocker");

	fake_remove_tree(fake.where);
	put("proc/self/mountinfo", "");
	fake_v1();
	create(NAME);
	assert_int_equal(cgroup_read_io(&cg, &all, &count), -1);
	assert_says("no io controller");
	remove_all(CPU "mydocker");
}

/* ---- pressure ----------------------------------------------------------- */

static void
pressure_is_read(void **state)
{
	(void)state;
	struct cgroup_pressure p;
	fake_v2();
	create(NAME);
	assert_int_equal(cgroup_read_pressure(&cg, "memory", &p), 0);
	assert_true(p.some_percent > 12.04 && p.some_percent < 12.06);
	assert_true(p.full_percent == 0.25);
	assert_int_equal(p.some_us, 99);
	assert_int_equal(p.full_us, 88);
	assert_int_equal(cgroup_read_pressure(&cg, "cpu", &p), 0);
	assert_true(p.some_percent == 1.5 && p.full_percent == 0);
	assert_int_equal(p.some_us, 77);
	assert_int_equal(p.full_us, 0);
	assert_int_equal(cgroup_read_pressure(&cg, "io", &p), -1);
	assert_says("CONFIG_PSI");
	put(V2 NAME "/cpu.pressure", "some avg10=high total=1\n");
	assert_int_equal(cgroup_read_pressure(&cg, "cpu", &p), -1);
	assert_says("is no line of pressure");
	remove_all(V2 "mydocker");

	fake_remove_tree(fake.where);
	put("proc/self/mountinfo", "");
	fake_v1();
	create(NAME);
	assert_int_equal(cgroup_read_pressure(&cg, "cpu", &p), -1);
	assert_says("only a v2 hierarchy");
	remove_all(CPU "mydocker");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(readings_are_the_same_on_v1_and_v2),
		fake_test(what_is_unlimited_or_unknown_is_none),
		fake_test(numbers_are_strict),
		fake_test(disks_are_counted_the_same),
		fake_test(disks_in_odd_files),
		fake_test(pressure_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
