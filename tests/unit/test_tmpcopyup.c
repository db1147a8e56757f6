/*
 * test_tmpcopyup.c - a copy of a directory: everything that can be in one, and
 * nothing of what is not in it.
 */
#include "tmpcopyup.h"

#include <sys/xattr.h>

#include "bundle.h"

static void
fill(void)
{
	const struct timespec times[2] = { { 1000, 1 }, { 2000, 2 } };
	must(mkdir("root", 0755) == 0 && mkdir("root/var", 0751) == 0);
	put("root/var/file", "content");
	must(chmod("root/var/file", 04711) == 0);
	must(setxattr("root/var/file", "user.note", "here", 4, 0) == 0 ||
	     errno == EOPNOTSUPP);
	must(utimensat(AT_FDCWD, "root/var/file", times, 0) == 0);
	must(mkdir("root/var/deep", 0700) == 0);
	must(mkdir("root/var/deep/er", 01777) == 0);
	must(chmod("root/var/deep/er", 01777) == 0);
	put("root/var/deep/er/file", "");
	must(symlink("/etc/passwd", "root/var/link") == 0);
	must(mkfifo("root/var/fifo", 0640) == 0);
	must(mkdir("root/var/mounted", 0755) == 0);
	must(utimensat(AT_FDCWD, "root/var/deep", times, 0) == 0);
}

static const char over_var[] =
	"'destination': '/var', 'type': 'tmpfs', 'options': ['tmpcopyup'%s]";

static void
check_copy(void)
{
	struct stat st;
	char link[32] = "";
	must(says("root/var/file", "content"));
	must(stat("root/var/file", &st) == 0 &&
	     (st.st_mode & 07777) == 04711 && st.st_mtim.tv_sec == 2000 &&
	     st.st_mtim.tv_nsec == 2);
	must(stat("root/var/deep", &st) == 0 && st.st_mtim.tv_sec == 2000 &&
	     (st.st_mode & 07777) == 0700);
	must(stat("root/var/deep/er", &st) == 0 &&
	     (st.st_mode & 07777) == 01777);
	must(exists("root/var/deep/er/file"));
	must(readlink("root/var/link", link, sizeof(link) - 1) > 0 &&
	     strcmp(link, "/etc/passwd") == 0);
	must(lstat("root/var/fifo", &st) == 0 && S_ISFIFO(st.st_mode) &&
	     (st.st_mode & 0777) == 0640);
	must(stat("root/var", &st) == 0 && (st.st_mode & 07777) == 0751);
	must(strstr(told("/var"), " tmpfs "));
}

static void
all_kinds(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	fill();
	auto_close int root = open_root(&config);
	int before = count_descriptors();
	auto_free char *mount = text(over_var, "");
	must(!try_one(root, mount));
	check_copy();
	must(count_descriptors() == before);
	must(unlink("root/var/file") == 0);
	must(umount2("root/var", MNT_DETACH) == 0);
	must(says("root/var/file", "content")); /* what was below, untouched */
}

static void
nodes_and_owners(void)
{
	struct stat st;
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	fill();
	must(chown("root/var/file", 5, 6) == 0);
	must(chmod("root/var/file", 04711) == 0);
	must(lchown("root/var/link", 7, 8) == 0);
	must(chown("root/var/deep", 9, 10) == 0);
	must(mknod("root/var/null", S_IFCHR | 0600, makedev(1, 3)) == 0);
	auto_close int root = open_root(&config);
	auto_free char *mount = text(over_var, "");
	must(!try_one(root, mount));
	must(stat("root/var/file", &st) == 0 && st.st_uid == 5 &&
	     st.st_gid == 6 && (st.st_mode & 07777) == 04711);
	must(lstat("root/var/link", &st) == 0 && st.st_uid == 7 &&
	     st.st_gid == 8);
	must(stat("root/var/deep", &st) == 0 && st.st_uid == 9);
	must(stat("root/var/null", &st) == 0 && S_ISCHR(st.st_mode) &&
	     st.st_rdev == makedev(1, 3));
}

/* Neither what is mounted below, nor what is written later. */
static void
not_what_is_mounted(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	fill();
	must(mount("m", "root/var/mounted", "tmpfs", 0, "mode=700") == 0);
	put("root/var/mounted/file", "");
	auto_close int root = open_root(&config);
	auto_free char *mount = text(over_var, ", 'ro', 'size=1m'");
	must(!try_one(root, mount));
	must(exists("root/var/mounted") && !exists("root/var/mounted/file"));
	must(!is_readonly("root/var"));
	must(mounts_finish(&config) == 0);
	must(rmdir("root/var/test-new") < 0 && errno == EROFS);
}

static void
no_room(void)
{
	auto_oci_config struct oci_config config;
	load(&config, "", "");
	fill();
	auto_close int root = open_root(&config);
	auto_free char *mount = text(over_var, ", 'nr_inodes=4'");
	const char *why = try_one(root, mount);
	must(is_refused(why, "mounts[0]: mount tmpfs to /var: tmpcopyup: "));
	must(failure.code == ENOSPC);
}

static void
too_deep(void)
{
	must(mkdir("from", 0755) == 0 && mkdir("to", 0755) == 0);
	int at = open("from", O_PATH | O_CLOEXEC);
	for (int i = 0; i < 200; i++) {
		must(mkdirat(at, "d", 0755) == 0);
		int next = openat(at, "d", O_PATH | O_CLOEXEC);
		close(at);
		at = next;
	}
	close(at);
	auto_close int from = open("from", O_PATH | O_CLOEXEC);
	auto_close int to = open("to", O_PATH | O_CLOEXEC);
	int before = count_descriptors();
	must(tmpcopyup(from, to) < 0);
	must(is_refused(failure.text, "directories deep"));
	must(count_descriptors() == before);
}

static void
test_copy(void **state)
{
	(void)state;
	in_sandbox(all_kinds, ALL_CALLS);
	in_sandbox(all_kinds, OLD_KERNEL);
	in_root_sandbox(nodes_and_owners, ALL_CALLS);
	in_sandbox(not_what_is_mounted, ALL_CALLS);
	in_sandbox(no_room, ALL_CALLS);
	in_sandbox(too_deep, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
