/* test_rdt.c - classes of service, in a directory that looks like resctrl. */
#include "rdt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tree.h"

static char top[64];

static void
put(const char *name, const char *content)
{
	auto_free char *path = text("%s/%s", top, name);
	if (!content)
		assert_int_equal(mkdir(path, 0755), 0);
	else
		assert_int_equal(write_file(AT_FDCWD, path, content, 0644), 0);
}

static void
assert_says(const char *name, const char *content)
{
	auto_free char *path = text("%s/%s", top, name);
	auto_free char *found = read_all(AT_FDCWD, path, NULL);
	assert_non_null(found);
	assert_string_equal(found, content);
}

static bool
is_there(const char *name)
{
	auto_free char *path = text("%s/%s", top, name);
	return access(path, F_OK) == 0;
}

static int
set_up(void **unused)
{
	(void)unused;
	snprintf(top, sizeof(top), "/tmp/mydocker-unit-rdt.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	put("tasks", "");
	put("schemata", "    MB:0=100\n    L3:0=ff\n");
	put("mon_groups", NULL);
	put("gold", NULL);
	put("gold/tasks", "");
	put("gold/schemata", "    MB:0= 50\n    L3:0=f0;1=ff\n");
	put("gold/mon_groups", NULL);
	return 0;
}

static int
tear_down(void **unused)
{
	(void)unused;
	assert_int_equal(chdir("/tmp"), 0);
	return tree_remove(AT_FDCWD, strrchr(top, '/') + 1);
}

static void
a_class_that_is_there_is_joined(void **unused)
{
	(void)unused;
	struct oci_intel_rdt rdt = { .clos_id = "gold" };
	assert_int_equal(rdt_join(top, &rdt, "web", 4711), 0);
	assert_says("gold/tasks", "4711");
	assert_false(is_there("web"));
	assert_int_equal(rdt_leave(top, &rdt, "web"), 0);
	assert_true(is_there("gold"));
}

static void
the_root_is_a_class(void **unused)
{
	(void)unused;
	struct oci_intel_rdt rdt = { .clos_id = "/" };
	assert_int_equal(rdt_join(top, &rdt, "web", 12), 0);
	assert_says("tasks", "12");
	assert_int_equal(rdt_leave(top, &rdt, "web"), 0);
	assert_true(is_there("schemata"));
}

static void
a_class_must_be_there_or_be_described(void **unused)
{
	(void)unused;
	struct oci_intel_rdt rdt = { .clos_id = "silver" };
	assert_int_equal(rdt_join(top, &rdt, "web", 12), -1);
	assert_non_null(strstr(failure.text, "silver"));
	assert_false(is_there("silver"));
}

static void
a_class_that_is_there_must_be_the_one_described(void **unused)
{
	(void)unused;
	struct oci_intel_rdt same = { .clos_id = "gold",
				      .l3_cache_schema = "L3:0=f0;1=ff" };
	struct oci_intel_rdt other = { .clos_id = "gold",
				       .l3_cache_schema = "L3:0=f0" };
	assert_int_equal(rdt_join(top, &same, "web", 7), 0);
	assert_says("gold/tasks", "7");
	assert_int_equal(rdt_join(top, &other, "web", 8), -1);
	assert_non_null(strstr(failure.text, "L3:0=f0"));
	assert_says("gold/tasks", "7");
	assert_true(is_there("gold"));
}

/* schemata is written in any case, line by line. */
static void
lines_are_written(void **unused)
{
	(void)unused;
	const char *const lines[] = { "L3:0=0f", NULL };
	struct oci_intel_rdt rdt = { .clos_id = "gold", .schemata = lines };
	assert_int_equal(rdt_join(top, &rdt, "web", 7), 0);
	auto_free char *path = text("%s/gold/schemata", top);
	auto_free char *found = read_all(AT_FDCWD, path, NULL);
	assert_memory_equal(found, "L3:0=0f\n", 8);
}

/* A directory here has no files by itself, as it would have in resctrl: so
 * this fails half-way, and what was made is gone again. */
static void
what_was_made_is_undone(void **unused)
{
	(void)unused;
	struct oci_intel_rdt own = { .mem_bw_schema = "MB:0=20" };
	assert_int_equal(rdt_join(top, &own, "web", 7), -1);
	assert_false(is_there("web"));
	struct oci_intel_rdt measured = { .clos_id = "gold",
					  .enable_monitoring = true };
	assert_int_equal(rdt_join(top, &measured, "web", 7), -1);
	assert_false(is_there("gold/mon_groups/web"));
	assert_true(is_there("gold"));
}

static void
a_class_of_its_own_is_not_shared(void **unused)
{
	(void)unused;
	struct oci_intel_rdt own = { 0 };
	put("web", NULL);
	assert_int_equal(rdt_join(top, &own, "web", 7), -1);
	assert_true(is_there("web"));
	assert_int_equal(rdt_leave(top, &own, "web"), 0);
	assert_false(is_there("web"));
	assert_int_equal(rdt_leave(top, &own, "web"), 0);
}

static void
limits_are_changed(void **unused)
{
	(void)unused;
	struct oci_intel_rdt gold = { .clos_id = "gold" }, own = { 0 };
	struct oci_intel_rdt mem = { .mem_bw_schema = "MB:0=20" };
	struct oci_intel_rdt cache = { .l3_cache_schema = "L3:0=3" };
	put("gold/schemata", "");
	assert_int_equal(rdt_change(top, &gold, "web", &mem), 0);
	assert_says("gold/schemata", "MB:0=20\n");
	put("web", NULL);
	put("web/schemata", "");
	assert_int_equal(rdt_change(top, &own, "web", &cache), 0);
	assert_says("web/schemata", "L3:0=3\n");
	assert_says("gold/schemata", "MB:0=20\n");
	assert_int_equal(rdt_change(top, &own, "other", &cache), -1);
	assert_non_null(strstr(failure.text, "open the class"));
	assert_false(is_there("other"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_class_that_is_there_is_joined),
		TEST(the_root_is_a_class),
		TEST(a_class_must_be_there_or_be_described),
		TEST(a_class_that_is_there_must_be_the_one_described),
		TEST(lines_are_written),
		TEST(what_was_made_is_undone),
		TEST(a_class_of_its_own_is_not_shared),
		TEST(limits_are_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
