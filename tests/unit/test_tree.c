/* test_tree.c - what the remover removes, and above all what it does not. */
#include "tree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "sandbox.h"

static void
put(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	must(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
}

static bool
exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

/* ---- names ------------------------------------------------------------- */

static void
refuses_what_is_no_name(void **state)
{
	static const char *const names[] = { "", ".", "..", "/", "a/b", "/tmp",
					     "a/" };
	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		assert_int_equal(tree_remove(AT_FDCWD, names[i]), -1);
		assert_non_null(strstr(failure.text, "directory entry"));
	}
}

static void
missing_is_removed_already(void **state)
{
	(void)state;
	assert_int_equal(tree_remove(AT_FDCWD, "not-there-at-all"), 0);
}

/* ---- links ------------------------------------------------------------- */

static void
links_are_not_followed(void)
{
	must(mkdir("data", 0755) == 0 && mkdir("t", 0755) == 0);
	must(mkdir("t/sub", 0755) == 0);
	put("data/precious");
	put("t/plain");
	must(symlink("/tmp/data", "t/absolute") == 0);
	must(symlink("../../data", "t/sub/relative") == 0);
	must(symlink("../data/precious", "t/file") == 0);
	must(symlink("nowhere", "t/dangling") == 0);
	must(mkfifo("t/fifo", 0600) == 0);
	int before = count_descriptors();
	must(tree_remove(AT_FDCWD, "t") == 0);
	must(count_descriptors() == before);
	must(!exists("t") && exists("data/precious"));

	/* The top itself may be a link. */
	must(symlink("data", "link") == 0);
	must(tree_remove(AT_FDCWD, "link") == 0);
	must(!exists("link") && exists("data/precious"));
}

static void
test_links(void **state)
{
	(void)state;
	in_sandbox(links_are_not_followed, ALL_CALLS);
	in_sandbox(links_are_not_followed, OLD_KERNEL);
}

/* ---- mounts ------------------------------------------------------------ */

static void
mounts_are_not_crossed(void)
{
	must(mkdir("data", 0755) == 0 && mkdir("data/deep", 0755) == 0);
	put("data/deep/precious");
	must(mkdir("t", 0755) == 0 && mkdir("t/a", 0755) == 0 &&
	     mkdir("t/a/volume", 0755) == 0);
	put("t/a/file");
	/* The same file system: st_dev would not tell. */
	must(mount("data", "t/a/volume", NULL, MS_BIND, NULL) == 0);
	must(tree_remove(AT_FDCWD, "t") < 0);
	must(failure.code == EBUSY);
	must(strstr(failure.text, "t/a/volume"));
	must(strstr(failure.text, "mounted there"));
	must(exists("data/deep/precious"));

	/* The top itself. */
	must(mkdir("top", 0755) == 0);
	must(mount("data", "top", NULL, MS_BIND, NULL) == 0);
	must(tree_remove(AT_FDCWD, "top") < 0 && failure.code == EBUSY);
	must(exists("data/deep/precious"));

	/* Unmounted, it goes. */
	must(umount("t/a/volume") == 0);
	must(tree_remove(AT_FDCWD, "t") == 0 && !exists("t"));
	must(exists("data/deep/precious"));
}

static void
mounted_files_are_left(void)
{
	put("precious");
	must(mkdir("t", 0755) == 0);
	put("t/file");
	must(mount("precious", "t/file", NULL, MS_BIND, NULL) == 0);
	must(tree_remove(AT_FDCWD, "t") < 0 && failure.code == EBUSY);
	must(strstr(failure.text, "t/file"));
	must(exists("precious") && exists("t/file"));
}

static void
test_mounts(void **state)
{
	(void)state;
	in_sandbox(mounts_are_not_crossed, ALL_CALLS);
	in_sandbox(mounts_are_not_crossed, OLD_KERNEL);
	in_sandbox(mounted_files_are_left, ALL_CALLS);
	in_sandbox(mounted_files_are_left, OLD_KERNEL);
}

/* ---- depth and width --------------------------------------------------- */

/* Deeper than any path could say, with fewer descriptors than levels. */
static void
depth_is_no_limit(void)
{
	enum { LEVELS = 6000, DESCRIPTORS = 64 };
	must(mkdir("t", 0755) == 0);
	int dir = open("t", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < LEVELS; i++) {
		must(mkdirat(dir, "beside", 0755) == 0);
		must(mkdirat(dir, "directory", 0755) == 0);
		must(symlinkat("/tmp", dir, "link") == 0);
		int next = openat(dir, "directory", O_RDONLY | O_DIRECTORY);
		must(next >= 0);
		close(dir);
		dir = next;
	}
	close(dir);
	struct rlimit few = { DESCRIPTORS, DESCRIPTORS };
	must(setrlimit(RLIMIT_NOFILE, &few) == 0);
	must(tree_remove(AT_FDCWD, "t") == 0);
	must(!exists("t"));
}

static void
width_is_no_limit(void)
{
	must(mkdir("t", 0755) == 0);
	for (int i = 0; i < 3000; i++) {
		auto_free char *path = text("t/%d", i);
		if (i % 2) {
			must(mkdir(path, 0755) == 0);
			auto_free char *below = text("%s/x", path);
			put(below);
		} else {
			put(path);
		}
	}
	must(tree_remove(AT_FDCWD, "t") == 0 && !exists("t"));
}

static void
test_size(void **state)
{
	(void)state;
	in_sandbox(depth_is_no_limit, ALL_CALLS);
	in_sandbox(depth_is_no_limit, OLD_KERNEL);
	in_sandbox(width_is_no_limit, ALL_CALLS);
}

/* ---- modes ------------------------------------------------------------- */

/* As a user without any capability: root would not notice the modes. */
static void
modes_are_no_obstacle(void **state)
{
	(void)state;
	char top[] = "/tmp/mydocker-unit-tree.XXXXXX";
	assert_non_null(mkdtemp(top));
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (getuid() == 0) {
			must(chown(top, ORDINARY_USER, ORDINARY_USER) == 0);
			must(setresgid(ORDINARY_USER, ORDINARY_USER,
				       ORDINARY_USER) == 0);
			must(setresuid(ORDINARY_USER, ORDINARY_USER,
				       ORDINARY_USER) == 0);
		}
		must(chdir(top) == 0);
		must(mkdir("t", 0755) == 0 && mkdir("t/closed", 0755) == 0 &&
		     mkdir("t/closed/below", 0755) == 0 &&
		     mkdir("t/fixed", 0755) == 0);
		put("t/closed/below/file");
		put("t/fixed/file");
		must(chmod("t/closed/below", 0) == 0);
		must(chmod("t/closed", 0) == 0);
		must(chmod("t/fixed", 0555) == 0);
		must(tree_remove(AT_FDCWD, "t") == 0 && !exists("t"));
		_exit(0);
	}
	int status = end_of(pid);
	assert_int_equal(rmdir(top), 0);
	judge(status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_name),
		cmocka_unit_test(missing_is_removed_already),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_size),
		cmocka_unit_test(modes_are_no_obstacle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
