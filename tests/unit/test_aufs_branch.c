/* test_aufs_branch.c - what is written after a branch's path. */
#include "aufs_branch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static void
parsed(const char *spec, bool first, const char *path, const char *permission)
{
	struct branch *branch = branch_parse(spec, first);
	assert_string_equal(branch->path, path);
	assert_string_equal(branch_permission(branch), permission);
	branch_free(branch);
}

static void
permissions(void **state)
{
	(void)state;
	parsed("./a", true, "./a", "rw");
	parsed("./a", false, "./a", "ro");
	parsed("a=rw", false, "a", "rw");
	parsed("a=ro", true, "a", "ro");
	parsed("a=ro+wh", false, "a", "ro+wh");
	parsed("a=rr+wh", false, "a", "rr+wh");
	parsed("a=rr", true, "a", "rr");
	parsed("a=rw+nolwh", true, "a", "rw+nolwh");
	parsed("a=ro+coo_reg", true, "a", "ro+coo_reg");
	/* Attributes of the other kind mean nothing; nor do unknown words. */
	parsed("a=rw+wh", true, "a", "rw");
	parsed("a=ro+nolwh", true, "a", "ro");
	parsed("a=bogus", true, "a", "ro");
	parsed("a=", true, "a", "ro");
}

static void
paths_with_signs(void **state)
{
	(void)state;
	parsed("/x=y/z", false, "/x=y/z", "ro");
	parsed("/x=y/z=rw", false, "/x=y/z", "rw");
	parsed("", false, "", "ro");
}

static void
what_counts_in_it(void **state)
{
	(void)state;
	static const struct {
		const char *permission;
		bool writable, whiteouts;
	} rows[] = { { "rw", true, true },	{ "ro", false, false },
		     { "rr", false, false },	{ "ro+wh", false, true },
		     { "rr+wh", false, true } };
	for (size_t i = 0; i < countof(rows); i++) {
		struct branch branch;
		branch_set_permission(&branch, rows[i].permission);
		assert_int_equal(branch_is_writable(&branch),
				 rows[i].writable);
		assert_int_equal(branch_has_whiteouts(&branch),
				 rows[i].whiteouts);
	}
}

static void
overlap(void **state)
{
	(void)state;
	struct branch a = { .path = "/a" }, inside = { .path = "/a/b" },
		      beside = { .path = "/ab" }, root = { .path = "/" };
	assert_true(branch_overlaps(&a, &a));
	assert_true(branch_overlaps(&a, &inside));
	assert_true(branch_overlaps(&inside, &a));
	assert_true(branch_overlaps(&root, &a));
	assert_false(branch_overlaps(&a, &beside));
	assert_false(branch_overlaps(&inside, &beside));
}

/* ---- on disk ----------------------------------------------------------- */

static char top[] = "/tmp/mydocker-unit-branch.XXXXXX";

static bool
exists(const char *name)
{
	auto_free char *path = text("%s/%s", top, name);
	return access(path, F_OK) == 0;
}

static void
begun_and_retired(void **state)
{
	(void)state;
	int before = count_descriptors();
	struct branch *branch = branch_parse(top, true);
	assert_int_equal(branch_open(branch), 0);
	assert_int_equal(branch_begin_writing(branch), 0);
	assert_true(exists(AUFS_BASE) && exists(AUFS_PLINKS) &&
		    exists(AUFS_ORPHANS));
	/* What a killed daemon has left. */
	assert_true(mkdirat(branch->orphans, "7", 0755) == 0);
	auto_close int file = openat(branch->orphans, "7/.wh.x",
				     O_WRONLY | O_CREAT, 0600);
	assert_true(file >= 0);
	assert_int_equal(branch_begin_writing(branch), 0);
	assert_false(exists(AUFS_ORPHANS "/7"));
	branch_retire(branch);
	assert_false(exists(AUFS_BASE) || exists(AUFS_PLINKS) ||
		     exists(AUFS_ORPHANS));
	branch_free(branch);
	close_scoped(&file);
	file = -1;
	assert_int_equal(count_descriptors(), before);
}

static void
not_a_directory(void **state)
{
	(void)state;
	struct branch *missing = branch_parse("/nowhere/at/all", true);
	assert_int_equal(branch_open(missing), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_non_null(strstr(failure.text, "/nowhere/at/all"));
	branch_free(missing);
	struct branch *file = branch_parse("/proc/self/status", true);
	assert_int_equal(branch_open(file), -1);
	assert_int_equal(failure.code, ENOTDIR);
	branch_free(file);
}

static int
make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int
remove_top(void **state)
{
	(void)state;
	return rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permissions),
		cmocka_unit_test(paths_with_signs),
		cmocka_unit_test(what_counts_in_it),
		cmocka_unit_test(overlap),
		cmocka_unit_test_setup_teardown(begun_and_retired, make_top,
						remove_top),
		cmocka_unit_test(not_a_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
