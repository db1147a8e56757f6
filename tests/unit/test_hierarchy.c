/* test_hierarchy.c - finding cgroup hierarchies on v1, v2 and hybrid hosts, in
 * containers, for ordinary users, and from files that lie. */
#include "hierarchy.h"

#include "test.h"

#include "cgroupfs.h"

static const char *
at(const char *path)
{
	static char full[4096];
	snprintf(full, sizeof(full), "%s/%s", fake.where, path);
	return full;
}

static void
v1_has_one_for_each_mount(void **state)
{
	(void)state;
	fake_v1();
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_int_equal(found.count, 4);
	const struct hierarchy *cpu = hierarchy_with(&found, "cpuacct");
	assert_ptr_equal(cpu, hierarchy_with(&found, "cpuset"));
	assert_int_equal(cpu->version, 1);
	assert_string_equal(cpu->base, at("sys/fs/cgroup/cpu"));
	assert_null(hierarchy_with(&found, "cpua"));
	assert_null(hierarchy_with(&found, "io"));
	/* A name and no controller: not for us. */
	assert_string_equal(found.all[0].controllers, "name=systemd");
	assert_string_equal(found.all[0].mount, at("sys/fs/cgroup/systemd"));
	assert_null(found.all[0].base);
	assert_non_null(strstr(found.all[0].why, "no controller"));
	hierarchy_named = "name=systemd";
	auto_hierarchies struct hierarchies with = { 0 };
	int result = hierarchy_find_all(&with);
	hierarchy_named = NULL;
	assert_int_equal(result, 0);
	assert_string_equal(with.all[0].base, at("sys/fs/cgroup/systemd"));
	/* /user is not there: our own directory is not shown. */
	assert_null(hierarchy_with(&found, "pids")->own);
}

static void
v2_has_one_for_all(void **state)
{
	(void)state;
	fake_v2();
	put("sys/fs/cgroup/user/cgroup.procs", "");
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.all[0].version, 2);
	assert_string_equal(found.all[0].controllers,
			    "cpuset,cpu,io,memory,pids");
	assert_string_equal(found.all[0].base, at("sys/fs/cgroup"));
	assert_string_equal(found.all[0].own, at("sys/fs/cgroup/user"));
}

static void
hybrid_has_each_controller_where_it_is(void **state)
{
	(void)state;
	fake_hybrid();
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_int_equal(hierarchy_with(&found, "cpu")->version, 1);
	assert_int_equal(hierarchy_with(&found, "memory")->version, 2);
	assert_string_equal(hierarchy_with(&found, "pids")->base,
			    at("sys/fs/cgroup/unified"));
}

static void
one_that_is_not_mounted_says_so(void **state)
{
	(void)state;
	put("proc/self/cgroup", "1:memory:/\n");
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_null(found.all[0].mount);
	assert_null(found.all[0].base);
	assert_non_null(strstr(found.all[0].why, "not mounted"));
}

/* Docker's v1: the mount shows the container's directory as its root. */
static void
inside_a_container_paths_are_below_the_mount_root(void **state)
{
	(void)state;
	put("proc/self/cgroup", "2:memory:/docker/7/inner\n"
				"1:pids:/docker/77\n0::/../8\n");
	fake_mount(1, "cg/memory", "memory", "/docker/7");
	put("cg/memory/inner/tasks", "");
	fake_mount(1, "cg/pids", "pids", "/docker/7");
	fake_mount(2, "cg/v2", "io", "/");
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_string_equal(found.all[0].own, at("cg/memory/inner"));
	/* "/docker/77" is not below "/docker/7". */
	assert_null(found.all[1].own);
	assert_string_equal(found.all[1].base, at("cg/pids"));
	/* Outside of our cgroup namespace. */
	assert_null(found.all[2].own);
	assert_string_equal(found.all[2].base, at("cg/v2"));
}

static void
a_writable_mount_is_preferred(void **state)
{
	(void)state;
	fake_mount(2, "ro", "memory", "/");
	auto_free char *table = copy_text(get("proc/self/mountinfo"));
	char *options = strstr(table, "/ro rw");
	memcpy(options, "/ro ro", 6);
	auto_free char *again = text("%s\n", table);
	put("proc/self/mountinfo", again);
	fake_mount(2, "rw", "memory", "/");
	put("proc/self/cgroup", "0::/\n");
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_string_equal(found.all[0].mount, at("rw"));
}

/* Where the table has a mount, and where the path leads: to another. */
static char *
found_beside(const char *lines)
{
	put("proc/self/cgroup", "0::/\n");
	put("above/covered/cgroup.controllers", "memory\n");
	put("above/covered/cgroup.procs", "");
	put("proc/self/mountinfo", lines);
	fake_mount(2, "real", "memory", "/");
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	return copy_text(found.all[0].mount);
}

#define COVERED "9 5 0:12345 / /above/covered rw - cgroup2 cgroup2 rw\n"

/* Another file system lies on top: the device number does not fit. */
static void
a_covered_mount_is_not_taken(void **state)
{
	static const char *const covers[] = {
		COVERED "10 9 0:6 / /above/covered rw - tmpfs tmpfs rw\n",
		COVERED "10 5 0:6 / /above rw - tmpfs tmpfs rw\n",
		/* Not every table is in order. */
		"10 5 0:6 / /above rw - tmpfs tmpfs rw\n" COVERED,
		/* What it shows may be a file. */
		"9 5 0:12345 /x /above/covered rw - cgroup2 cgroup2 rw\n",
	};
	(void)state;
	for (size_t i = 0; i < countof(covers); i++) {
		auto_free char *found = found_beside(covers[i]);
		assert_string_equal(found, at("real"));
	}
}

/* It is not covered by what it is in, nor by what only begins with the same
 * letters: the path need not be asked. */
static void
the_table_is_enough(void **state)
{
	static const char *const others[] = {
		COVERED,
		"5 1 0:6 / /above rw - tmpfs tmpfs rw\n" COVERED,
		"1 1 0:7 / / rw - ext4 ext4 rw\n"
		"5 1 0:6 / /above rw - tmpfs tmpfs rw\n" COVERED
		"11 5 0:8 / /above/cover rw - tmpfs tmpfs rw\n",
	};
	(void)state;
	for (size_t i = 0; i < countof(others); i++) {
		auto_free char *found = found_beside(others[i]);
		assert_string_equal(found, at("above/covered"));
	}
}

static void
what_is_delegated_is_found_below(void **state)
{
	(void)state;
	fake_v2();
	put("sys/fs/cgroup/user/cgroup.procs", "");
	fake_mount(2, "sys/fs/cgroup/user/me", "memory", "/");
	put("proc/self/cgroup", "0::/user/me\n");
	auto_free char *top = copy_text(at("sys/fs/cgroup"));
	auto_free char *middle = copy_text(at("sys/fs/cgroup/user"));
	chmod(top, 0555);
	chmod(middle, 0555);
	bool is_root = geteuid() == 0;
	if (is_root) {
		assert_int_equal(chown(at("sys/fs/cgroup/user/me"), 65534, 0),
				 0);
		assert_int_equal(chown(at("sys/fs/cgroup/user/me/cgroup.procs"),
				       65534, 0), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	auto_hierarchies struct hierarchies found = { 0 };
	int result = hierarchy_find_all(&found);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	chmod(top, 0755);
	chmod(middle, 0755);
	assert_int_equal(result, 0);
	assert_string_equal(found.all[0].base, at("sys/fs/cgroup/user/me"));
	assert_string_equal(found.all[0].controllers, "memory");
	assert_null(found.all[0].why);
}

static void
a_threaded_cgroup_is_named(void **state)
{
	(void)state;
	fake_v2();
	put("sys/fs/cgroup/cgroup.type", "domain threaded\n");
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_true(found.all[0].threaded);
	assert_non_null(strstr(found.all[0].why, "threaded"));
}

static void
odd_lines_of_the_mount_table_are_passed_over(void **state)
{
	(void)state;
	auto_free char *long_line = new_bytes(70001);
	memset(long_line, 'x', 70000);
	auto_free char *table =
		text("nonsense\n%s\n9 1 0:5 / /x rw - cgroup2\n\n"
		     "9 1 0:5 / /y rw cgroup2 cgroup2 rw\n"
		     "-1 1 0:5 / /z rw - cgroup2 cgroup2 rw\n", long_line);
	put("proc/self/mountinfo", table);
	put("proc/self/cgroup", "0::/\n");
	fake_mount(2, "real\\040one", "memory", "/");
	/* fake_mount() made the directory under the escaped name. */
	auto_free char *escaped = copy_text(at("real\\040one"));
	assert_int_equal(rename(escaped, at("real one")), 0);
	auto_hierarchies struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), 0);
	assert_string_equal(found.all[0].mount, at("real one"));
}

static void
a_nonsensical_cgroup_file_is_a_failure(void **state)
{
	(void)state;
	static const char *const cases[] = { "nonsense\n", "1:memory\n",
					     "0::\n", "0::user\n", ":\n",
					     "1:memory:/\n\n", "\n" };
	for (size_t i = 0; i < countof(cases); i++) {
		put("proc/self/cgroup", cases[i]);
		struct hierarchies found = { 0 };
		assert_int_equal(hierarchy_find_all(&found), -1);
		assert_int_equal(found.count, 0);
		assert_non_null(strstr(failure.text, "cgroup"));
	}
	auto_free char *path = copy_text(at("proc/self/cgroup"));
	assert_int_equal(unlink(path), 0);
	struct hierarchies found = { 0 };
	assert_int_equal(hierarchy_find_all(&found), -1);
	assert_int_equal(failure.code, ENOENT);
}

static void
too_many_are_a_failure(void **state)
{
	(void)state;
	for (int count = HIERARCHY_MAX; count <= HIERARCHY_MAX + 1; count++) {
		auto_free char *lines = copy_text("");
		for (int i = 0; i < count; i++) {
			char *longer = text("%s%d:name=n%d:/\n", lines, i, i);
			free(lines);
			lines = longer;
		}
		put("proc/self/cgroup", lines);
		auto_hierarchies struct hierarchies found = { 0 };
		assert_int_equal(hierarchy_find_all(&found),
				 count > HIERARCHY_MAX ? -1 : 0);
	}
}

static void
lists_are_of_whole_words(void **state)
{
	(void)state;
	assert_true(hierarchy_list_has("cpu,cpuacct", "cpuacct"));
	assert_true(hierarchy_list_has("cpu io\n", "io"));
	assert_true(hierarchy_list_has(" ,cpu", "cpu"));
	assert_false(hierarchy_list_has("cpuset", "cpu"));
	assert_false(hierarchy_list_has("cpu", "cpuset"));
	assert_false(hierarchy_list_has("", "cpu"));
	assert_false(hierarchy_list_has(", ,\n", "cpu"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(v1_has_one_for_each_mount),
		fake_test(v2_has_one_for_all),
		fake_test(hybrid_has_each_controller_where_it_is),
		fake_test(one_that_is_not_mounted_says_so),
		fake_test(inside_a_container_paths_are_below_the_mount_root),
		fake_test(a_writable_mount_is_preferred),
		fake_test(a_covered_mount_is_not_taken),
		fake_test(the_table_is_enough),
		fake_test(what_is_delegated_is_found_below),
		fake_test(a_threaded_cgroup_is_named),
		fake_test(odd_lines_of_the_mount_table_are_passed_over),
		fake_test(a_nonsensical_cgroup_file_is_a_failure),
		fake_test(too_many_are_a_failure),
		cmocka_unit_test(lists_are_of_whole_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
