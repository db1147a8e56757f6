/*
 * test_ns.c - namespaces, without root: what has to change a process does so
 * in a child, made an ordinary user first when the tests run as root.
 */
#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "in_child.h"
#include "mountinfo.h"
#include "sync.h"
#include "sys.h"
#include "test.h"

/* ---- the table --------------------------------------------------------- */

static void
the_table_has_the_eight_kinds(void **state)
{
	(void)state;
	static const struct {
		const char *name, *file;
		uint64_t flag;
	} known[] = {
		{ "mount", "mnt", CLONE_NEWNS },
		{ "uts", "uts", CLONE_NEWUTS },
		{ "ipc", "ipc", CLONE_NEWIPC },
		{ "pid", "pid", CLONE_NEWPID },
		{ "network", "net", CLONE_NEWNET },
		{ "user", "user", CLONE_NEWUSER },
		{ "cgroup", "cgroup", CLONE_NEWCGROUP },
		{ "time", "time", 0x80 },
	};
	assert_int_equal(countof(known), NS_KINDS);
	for (size_t i = 0; i < countof(known); i++) {
		const struct ns_kind *kind = kind_named(known[i].name);
		assert_string_equal(kind->file, known[i].file);
		assert_true(kind->flag == known[i].flag);
		assert_true(*kind->isolates && *kind->since);
		assert_non_null(strstr(kind->page, "(7)"));
	}
}

static void
a_kind_is_supported_when_its_file_is_there(void **state)
{
	(void)state;
	uint64_t flags = ns_supported();
	for (size_t i = 0; i < NS_KINDS; i++) {
		auto_free char *path = text("/proc/self/ns/%s",
					    ns_kinds[i].file);
		assert_int_equal(access(path, F_OK) == 0,
				 (flags & ns_kinds[i].flag) != 0);
	}
}

static void
ids_are_those_of_the_file(void **state)
{
	(void)state;
	const struct ns_kind *uts = kind_named("uts");
	struct ns_id own, by_pid;
	struct stat st;
	assert_int_equal(stat("/proc/self/ns/uts", &st), 0);
	assert_int_equal(ns_id(getpid(), uts, &own), 0);
	assert_true(own.device == st.st_dev && own.inode == st.st_ino);
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(ns_id(child, uts, &by_pid), 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(ns_same(own, by_pid));
	by_pid.inode++;
	assert_false(ns_same(own, by_pid));
	by_pid = own;
	by_pid.device++;
	assert_false(ns_same(own, by_pid));
}

static void
a_process_that_is_not_there_has_no_id(void **state)
{
	(void)state;
	struct ns_id id;
	assert_int_equal(ns_id(0x3fffffff, kind_named("pid"), &id), -1);
	assert_int_equal(failure.code, ENOENT);
}

/* ---- root of a user namespace ------------------------------------------ */

static void
check_root_of_a_user_namespace(void)
{
	const struct ns_kind *user = kind_named("user");
	struct ns_id before, after;
	must(ns_id(getpid(), user, &before) == 0);
	become_root_somehow();
	must(ns_id(getpid(), user, &after) == 0);
	must(!ns_same(before, after));
	must(getuid() == 0 && geteuid() == 0 && getgid() == 0);
	char answer[64];
	must(read_text(AT_FDCWD, "/proc/self/setgroups", answer,
		       sizeof(answer)) > 0);
	must(strcmp(answer, "deny") == 0);
}

static void
an_ordinary_user_becomes_root(void **state)
{
	(void)state;
	in_child(check_root_of_a_user_namespace);
}

static void
check_root_stays_where_it_is(void)
{
	become_root_somehow();
	struct ns_id before, after;
	must(ns_id(getpid(), kind_named("user"), &before) == 0);
	must(ns_become_root() == 0);
	must(ns_id(getpid(), kind_named("user"), &after) == 0);
	must(ns_same(before, after));
}

static void
root_is_root_already(void **state)
{
	(void)state;
	in_child(check_root_stays_where_it_is);
}

/* No namespace is left to make: the failure must say so, not half succeed. */
static void
check_a_forbidden_user_namespace(void)
{
	become_root_somehow();
	must(write_text(AT_FDCWD, "/proc/sys/user/max_user_namespaces", "0") ==
	     0);
	/* In one more namespace we are not root: nobody has mapped us. */
	must(unshare(CLONE_NEWUSER) < 0 && errno == ENOSPC);
}

static void
a_limit_on_user_namespaces_holds(void **state)
{
	(void)state;
	in_child(check_a_forbidden_user_namespace);
}

/* ---- mounts ------------------------------------------------------------ */

static bool
is_mounted(pid_t pid, const char *target)
{
	auto_mounts struct mount_table table;
	must(mountinfo_read(pid, &table) == 0);
	return mountinfo_find(&table, target) != NULL;
}

static void
check_own_mounts(void)
{
	pid_t outside = getppid();
	bool was_mounted = is_mounted(outside, "/mnt");
	become_root_somehow();
	must(ns_own_mounts() == 0);

	auto_mounts struct mount_table table;
	must(mountinfo_read(0, &table) == 0);
	for (size_t i = 0; i < table.count; i++)
		must(!strstr(table.mounts[i].optional, "shared:"));

	must(mount("mydocker-unit", "/mnt", "tmpfs", 0, NULL) == 0);
	must(is_mounted(0, "/mnt"));
	must(is_mounted(outside, "/mnt") == was_mounted);
}

static void
own_mounts_are_seen_by_nobody_else(void **state)
{
	(void)state;
	in_child(check_own_mounts);
}

static void
check_own_mounts_are_refused(void)
{
	become_ordinary();
	must(ns_own_mounts() == -1);
	must(failure.code == EPERM);
}

static void
without_privilege_there_are_no_own_mounts(void **state)
{
	(void)state;
	in_child(check_own_mounts_are_refused);
}

/* ---- id maps ----------------------------------------------------------- */

static void
check_map_root(void)
{
	become_ordinary();
	uid_t uid = getuid();
	gid_t gid = getgid();
	int ours, theirs;
	must(sync_pair(&ours, &theirs) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ours);
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(CANNOT);
		must(getuid() != 0);
		must(sync_send(theirs, SYNC_READY) == 0);
		must(sync_expect(theirs, SYNC_MAPPED, "the parent") == 0);
		must(getuid() == 0 && getgid() == 0);
		_exit(0);
	}
	close(theirs);
	int status;
	if (sync_expect(ours, SYNC_READY, "the child") == 0) {
		must(ns_map_root(pid, uid, gid) == 0);
		/* A map is written once. */
		must(ns_map_root(pid, uid, gid) == -1);
		must(sync_send(ours, SYNC_MAPPED) == 0);
	}
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		print_message("this machine forbids user namespaces\n");
	_exit(WEXITSTATUS(status));
}

static void
a_parent_maps_its_child(void **state)
{
	(void)state;
	in_child(check_map_root);
}

static void
mapping_somebody_who_is_gone(void **state)
{
	(void)state;
	assert_int_equal(ns_map_root(0x3fffffff, 1, 1), -1);
	assert_int_equal(failure.code, ENOENT);
}

/* ---- a visit to another namespace -------------------------------------- */

static int
visit(void *data)
{
	struct ns_id *seen = data;
	return ns_id(getpid(), kind_named("uts"), seen) == 0 ? 42 : -1;
}

static int
visit_in_vain(void *data)
{
	(void)data;
	return failx("nothing to see here");
}

static void
check_within(void)
{
	become_root_somehow();
	const struct ns_kind *uts = kind_named("uts");
	struct ns_id home, other, seen, after;
	auto_close int door = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	must(unshare(CLONE_NEWUTS) == 0);
	auto_close int inner = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	must(ns_id(getpid(), uts, &other) == 0);
	must(unshare(CLONE_NEWUTS) == 0);
	must(ns_id(getpid(), uts, &home) == 0 && !ns_same(home, other));

	must(ns_within(inner, uts, visit, &seen) == 42);
	must(ns_same(seen, other));
	must(ns_id(getpid(), uts, &after) == 0 && ns_same(after, home));

	/* A failing visit comes home too, and keeps its reason. */
	must(ns_within(inner, uts, visit_in_vain, NULL) == -1);
	must(strcmp(failure.text, "nothing to see here") == 0);
	must(ns_id(getpid(), uts, &after) == 0 && ns_same(after, home));

	/* Not a namespace, not of this kind, not ours to enter: no visit. */
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	memset(&seen, 0, sizeof(seen));
	must(ns_within(null, uts, visit, &seen) == -1);
	must(ns_within(-1, uts, visit, &seen) == -1);
	must(ns_within(inner, kind_named("ipc"), visit, &seen) == -1);
	must(ns_within(door, uts, visit, &seen) == -1);
	must(failure.code == EPERM && seen.inode == 0);
	must(ns_id(getpid(), uts, &after) == 0 && ns_same(after, home));
}

static void
a_visit_ends_at_home(void **state)
{
	(void)state;
	in_child(check_within);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_the_eight_kinds),
		cmocka_unit_test(a_kind_is_supported_when_its_file_is_there),
		cmocka_unit_test(ids_are_those_of_the_file),
		cmocka_unit_test(a_process_that_is_not_there_has_no_id),
		cmocka_unit_test(an_ordinary_user_becomes_root),
		cmocka_unit_test(root_is_root_already),
		cmocka_unit_test(a_limit_on_user_namespaces_holds),
		cmocka_unit_test(own_mounts_are_seen_by_nobody_else),
		cmocka_unit_test(without_privilege_there_are_no_own_mounts),
		cmocka_unit_test(a_parent_maps_its_child),
		cmocka_unit_test(mapping_somebody_who_is_gone),
		cmocka_unit_test(a_visit_ends_at_home),
	};
	return cmocka_run_group_tests_name("ns", tests, NULL, NULL);
}
