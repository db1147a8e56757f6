/* test_procfs.c - what is procfs, and what only looks like it. */
#include "procfs.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "sandbox.h"
#include "sys.h"

static bool
is_called(const char *name)
{
	char found[17] = "";
	prctl(PR_GET_NAME, found);
	return strcmp(found, name) == 0;
}

static int
open_proc(void)
{
	return open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The real one: written by its number and by "self". */
static void
writes_arrive(void)
{
	auto_free char *path = text("%d/comm", getpid());
	auto_close int plain = open_proc();
	int before = count_descriptors();
	auto_close int proc = procfs_open();
	must(proc >= 0 && procfs_check(proc) == 0);
	must(procfs_write(proc, path, "by number") == 0);
	must(is_called("by number"));
	must(procfs_write(proc, "self/comm", "by self") == 0);
	must(is_called("by self"));
	must(procfs_write(plain, "self/comm", "plain") == 0);
	must(is_called("plain"));
	must(procfs_write(proc, "self/none", "x") < 0 &&
	     failure.code == ENOENT);
	must(procfs_write(proc, "self/status", "x") < 0);
	/* The links of a process lead out of procfs. */
	must(procfs_open_file(proc, "self/root/etc/passwd", O_RDONLY) < 0);
	must(procfs_open_file(proc, "self/fd/0", O_RDONLY) < 0);
	must(procfs_open_file(proc, "../etc/passwd", O_RDONLY) < 0);
	close_scoped(&proc);
	proc = -1;
	must(count_descriptors() == before);
}

static void
must_be_refused(int proc, const char *path)
{
	must(procfs_write(proc, path, "caught") < 0);
	must(failure.code == EXDEV);
	must(strstr(failure.text, "mounted over"));
	must(!is_called("caught"));
}

/* A file, and another procfs file, over the one that is meant. */
static void
what_is_mounted_over_is_refused(void)
{
	auto_free char *comm = text("/proc/%d/comm", getpid());
	auto_free char *other = text("/proc/%d/oom_score_adj", getpid());
	auto_free char *path = text("%d/comm", getpid());
	char found[16];
	auto_close int proc = open_proc();
	auto_close int trap = open("trap", O_CREAT | O_RDWR | O_CLOEXEC, 0666);
	must(proc >= 0 && trap >= 0);
	must(mount("trap", comm, NULL, MS_BIND, NULL) == 0);
	must_be_refused(proc, path);
	must_be_refused(proc, "self/comm");
	must(read(trap, found, sizeof(found)) == 0);
	must(umount2(comm, 0) == 0);
	must(mount(other, comm, NULL, MS_BIND, NULL) == 0);
	must_be_refused(proc, path);
	must(umount2(comm, 0) == 0);
	must(procfs_write(proc, path, "free") == 0 && is_called("free"));
	/* A whole directory of the process. */
	auto_free char *dir = text("/proc/%d", getpid());
	must(mkdir("fake", 0755) == 0);
	auto_close int fake = open("fake/comm", O_CREAT | O_RDWR, 0666);
	must(fake >= 0 && mount("fake", dir, NULL, MS_BIND, NULL) == 0);
	must_be_refused(proc, path);
	must(read(fake, found, sizeof(found)) == 0);
}

static void
what_is_no_procfs_is_refused(void)
{
	auto_close int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int own = open("/proc/self", O_PATH | O_DIRECTORY);
	must(tmp >= 0 && own >= 0);
	must(procfs_check(tmp) < 0 && strstr(failure.text, "no procfs"));
	must(procfs_check(own) < 0 && strstr(failure.text, "not its top"));
	must(procfs_write(tmp, "file", "x") < 0);
	/* Where nothing better is to be had, a false /proc is noticed. */
	must(mount("false", "/proc", "tmpfs", 0, NULL) == 0);
	auto_close int proc = procfs_open();
	must(proc < 0 || procfs_check(proc) == 0);
	auto_close int plain = open_proc();
	must(procfs_check(plain) < 0);
}

static void
all(void (*body)(void))
{
	in_sandbox(body, ALL_CALLS);
	in_sandbox(body, OLD_KERNEL);
	if (geteuid() != 0)
		return;
	in_root_sandbox(body, ALL_CALLS);
	in_root_sandbox(body, OLD_KERNEL);
}

static void
test_writes(void **state)
{
	(void)state;
	all(writes_arrive);
}

static void
test_traps(void **state)
{
	(void)state;
	all(what_is_mounted_over_is_refused);
}

static void
test_false(void **state)
{
	(void)state;
	all(what_is_no_procfs_is_refused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_traps),
		cmocka_unit_test(test_false),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
