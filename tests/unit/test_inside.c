/*
 * test_inside.c - names that are used as they are: only what is right inside,
 * and of /proc only where that is procfs.
 */
#include "inside.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "sandbox.h"

static void
only_what_is_right_inside(void **state)
{
	static const struct inside proc = { .dir = 3, .path = "/proc" };
	static const struct inside nothing = INSIDE_NOTHING;
	static const char *const others[] = {
		"/proc", "/proc/", "/proc/.", "/proc/..", "/procfs", "/sys/x",
		"/proc/self/exe", "/proc//x", "proc/x", "/x/proc/x", "",
	};
	(void)state;
	assert_string_equal(inside_name(&proc, "/proc/acpi"), "acpi");
	assert_string_equal(inside_name(&proc, "/proc/.x"), ".x");
	for (size_t i = 0; i < countof(others); i++)
		assert_null(inside_name(&proc, others[i]));
	assert_null(inside_name(&nothing, "/proc/acpi"));
}

static int
make_root(void)
{
	must(mkdir("root", 0755) == 0 && mkdir("root/proc", 0755) == 0);
	int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0);
	return root;
}

static void
what_is_no_procfs(void)
{
	auto_close int root = make_root();
	struct inside proc = inside_proc(root);
	must(proc.dir < 0);
	/* Not even one behind a link. */
	must(rename("root/proc", "root/other") == 0);
	must(symlink("other", "root/proc") == 0);
	must(mount("/proc", "root/other", NULL, MS_BIND | MS_REC, NULL) == 0);
	proc = inside_proc(root);
	must(proc.dir < 0);
	/* Nor a directory of it. */
	must(unlink("root/proc") == 0 && mkdir("root/proc", 0755) == 0);
	must(mount("/proc/self", "root/proc", NULL, MS_BIND | MS_REC, NULL) ==
	     0);
	proc = inside_proc(root);
	must(proc.dir < 0);
}

static void
mounts_in_procfs(void)
{
	struct stat st;
	auto_close int root = make_root();
	must(mount("/proc", "root/proc", NULL, MS_BIND | MS_REC, NULL) == 0);
	auto_inside struct inside proc = inside_proc(root);
	must(proc.dir >= 0);
	must(inside_mount(&proc, "version", "/dev/null", NULL, MS_BIND,
			  NULL) == 0);
	must(stat("root/proc/version", &st) == 0 && S_ISCHR(st.st_mode));
	/* What is there, on itself. */
	must(inside_mount(&proc, "irq", NULL, NULL, MS_BIND, NULL) == 0);
	must(mount(NULL, "root/proc/irq", NULL,
		   MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV |
			   MS_NOEXEC, NULL) == 0 || errno == EPERM);
	must(inside_mount(&proc, "nothing", NULL, NULL, MS_BIND, NULL) < 0 &&
	     errno == ENOENT);
	char data[5000] = "";
	memset(data, 'x', sizeof(data) - 1);
	must(inside_mount(&proc, "irq", NULL, "tmpfs", 0, data) < 0 &&
	     errno == ENAMETOOLONG);
}

static void
test_proc(void **state)
{
	(void)state;
	in_sandbox(what_is_no_procfs, ALL_CALLS);
	in_sandbox(mounts_in_procfs, ALL_CALLS);
	in_sandbox(mounts_in_procfs, OLD_KERNEL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_right_inside),
		cmocka_unit_test(test_proc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
