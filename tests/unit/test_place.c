/*
 * test_place.c - mounts on a root that somebody changes meanwhile: each is
 * where it was asked for, or it is refused and gone, and nothing is ever
 * mounted outside.
 */
#include "place.h"

#include <linux/filter.h>
#include <linux/stat.h>
#include <signal.h>
#include <sys/stat.h>

#include "mountfd.h"
#include "mountinfo.h"
#include "sandbox.h"
#include "sys.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U
#endif

/* The same directory, on the mount that outside/ is on: what is renamed must
 * stay on one. */
static int below;

static int
make_root(void)
{
	must(mkdir("root", 0755) == 0 && mkdir("outside", 0755) == 0);
	below = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(mount("root", "root", NULL, MS_BIND, NULL) == 0);
	int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0);
	place_begin(root, "");
	return root;
}

static size_t
count_mounts(void)
{
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	return table.count;
}

/* No unique numbers, as before Linux 6.8. */
static void
forget_unique(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[3])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, STATX_MNT_ID_UNIQUE, 0,
			 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { countof(filter), filter };
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* ---- one at a time --------------------------------------------------- */

static void
made_and_found(void)
{
	auto_close int root = make_root();
	struct place place = PLACE_NONE;
	int before = count_descriptors();
	must(place_open(&place, root, "/a/b/c", PLACE_DIRECTORY) == 0);
	must(place.made);
	int mount = place_new(&place, "tmpfs", "one", MS_NOSUID, "size=4k");
	must(mount >= 0);
	close(mount);
	place_close(&place);
	must(place_open(&place, root, "/a/b/c", PLACE_DIRECTORY) == 0);
	must(!place.made);
	mount = place_new(&place, "tmpfs", "two", 0, NULL); /* on top of it */
	must(mount >= 0);
	close(mount);
	place_close(&place);
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	must(strcmp(mountinfo_find(&table, "/tmp/root/a/b/c")->source,
		    "two") == 0);
	must(count_descriptors() == before);
}

static void
kinds_of_place(void)
{
	struct stat st;
	auto_close int root = make_root();
	struct place place = PLACE_NONE;
	int before = count_descriptors();
	must(place_open(&place, root, "/not", PLACE_THERE) < 0 &&
	     failure.code == ENOENT);
	must(place_open(&place, root, "/f/g", PLACE_FILE) == 0 && place.made);
	place_close(&place);
	must(place_open(&place, root, "/f/g", PLACE_DIRECTORY) < 0);
	must(symlink("/f", "root/link") == 0);
	must(place_open(&place, root, "/link", PLACE_PLAIN) < 0);
	must(strstr(failure.text, "not a directory"));
	must(place_open(&place, root, "/new", PLACE_PLAIN) == 0);
	place_close(&place);
	/* A link to what is not there has it made, inside. */
	must(symlink("../../outside/deep", "root/dangling") == 0);
	must(place_open(&place, root, "/dangling", PLACE_DIRECTORY) == 0);
	place_close(&place);
	must(stat("outside/deep", &st) < 0 &&
	     stat("root/outside/deep", &st) == 0);
	must(count_descriptors() == before);
}

static void
long_data(void)
{
	auto_close int root = make_root();
	auto_place struct place place = PLACE_NONE;
	char data[6000];
	memset(data, ',', sizeof(data));
	strcpy(data + 5000, "size=8k,mode=0705");
	must(place_open(&place, root, "/a", PLACE_DIRECTORY) == 0);
	auto_close int mount = place_new(&place, "tmpfs", NULL, 0, data);
	struct stat st;
	must(mount >= 0 && fstat(mount, &st) == 0);
	must((st.st_mode & 0777) == 0705); /* not cut off */
}

static void
without_numbers(void)
{
	forget_unique();
	made_and_found();
}

/* Of a device the file system, too: one that has a path. */
static void
read_only_devices(void)
{
	auto_close int root = make_root();
	auto_mounts struct mount_table table = { 0 };
	static const char *const sources[] = { "/dev/x", "x" };
	for (size_t i = 0; i < countof(sources); i++) {
		auto_place struct place place = PLACE_NONE;
		must(place_open(&place, root, i ? "/a" : "/b",
				PLACE_DIRECTORY) == 0);
		auto_close int mount = place_new(&place, "tmpfs", sources[i],
						 MS_RDONLY, "size=4k");
		must(mount >= 0 && mkdirat(mount, "x", 0755) < 0);
	}
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *device =
		mountinfo_find(&table, "/tmp/root/b");
	must(device && mountinfo_has_option(device->super, "ro"));
	must(mountinfo_has_option(device->super, "size=4k"));
}

static void
read_only_devices_without_numbers(void)
{
	forget_unique();
	read_only_devices();
}

static void
test_alone(void **state)
{
	(void)state;
	in_sandbox(made_and_found, ALL_CALLS);
	in_sandbox(made_and_found, OLD_KERNEL);
	in_sandbox(without_numbers, ALL_CALLS);
	in_sandbox(read_only_devices, ALL_CALLS);
	in_sandbox(read_only_devices, OLD_KERNEL);
	in_sandbox(read_only_devices_without_numbers, ALL_CALLS);
	in_sandbox(kinds_of_place, ALL_CALLS);
	in_sandbox(kinds_of_place, OLD_KERNEL);
	in_sandbox(long_data, ALL_CALLS);
}

/* ---- swapped meanwhile ----------------------------------------------- */

/* In between the look-up and the mount, as often as it may be. */
static void
swapped_before(void)
{
	auto_close int root = make_root();
	struct place place = PLACE_NONE;
	size_t before = count_mounts();
	must(mkdir("root/trap", 0755) == 0);
	must(place_open(&place, root, "/a", PLACE_DIRECTORY) == 0);
	must(renameat2(AT_FDCWD, "root/a", AT_FDCWD, "root/trap",
		       RENAME_EXCHANGE) == 0);
	must(place_new(&place, "tmpfs", NULL, 0, NULL) < 0);
	must(strstr(failure.text, "no longer leads"));
	must(place_again(&place) < 0 && strstr(failure.text, "no longer"));
	must(count_mounts() == before);
	/* Even out of the root: then the path leads to nothing. */
	must(renameat(below, "trap", AT_FDCWD, "outside/a") == 0);
	must(place_new(&place, "tmpfs", NULL, 0, NULL) < 0);
	must(count_mounts() == before);
	place_close(&place);
	/* To a mount of ours that was there before. */
	must(place_open(&place, root, "/old", PLACE_DIRECTORY) == 0);
	auto_close int old = place_new(&place, "tmpfs", NULL, 0, NULL);
	must(old >= 0);
	place_close(&place);
	must(place_open(&place, root, "/b", PLACE_DIRECTORY) == 0);
	must(rename("root/b", "root/moved") == 0);
	must(symlink("old", "root/b") == 0);
	must(place_new(&place, "tmpfs", NULL, 0, NULL) < 0);
	must(strstr(failure.text, "no longer leads"));
	must(count_mounts() == before + 1);
	place_close(&place);
}

/* The same for what was made elsewhere, and for covers. */
static void
swapped_before_it_is_attached(void)
{
	auto_close int root = make_root();
	auto_close int null = open("/dev/null", O_PATH | O_CLOEXEC);
	struct place place = PLACE_NONE;
	size_t before = count_mounts();
	auto_close int made = mountfd_clone(AT_FDCWD, "/tmp/outside", true);
	must(made >= 0 && mkdir("root/trap", 0755) == 0);
	must(place_open(&place, root, "/a", PLACE_DIRECTORY) == 0);
	must(rename("root/a", "root/away") == 0);
	must(rename("root/trap", "root/a") == 0);
	must(place_attach(&place, made) < 0);
	must(strstr(failure.text, "no longer leads"));
	must(count_mounts() == before);
	place_close(&place);
	must(place_open(&place, root, "/file", PLACE_FILE) == 0);
	must(rename("root/file", "root/secret") == 0);
	must(symlink("secret", "root/file") == 0); /* still the same file */
	auto_close int cover = place_cover(&place, null);
	must(cover >= 0 && umount2("root/secret", MNT_DETACH) == 0);
	must(unlink("root/file") == 0 && symlink("a", "root/file") == 0);
	must(place_cover(&place, null) < 0);
	must(count_mounts() == before);
	place_close(&place);
}

static void
swapped_before_without_numbers(void)
{
	forget_unique();
	swapped_before();
}

/* a is a directory, then for a moment a link that leads out. */
static void
swap_for_ever(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		renameat2(AT_FDCWD, "root/a", AT_FDCWD, "root/link",
			  RENAME_EXCHANGE);
}

static void
try_while_it_moves(int root, size_t before, size_t *made, size_t *refused)
{
	auto_place struct place place = PLACE_NONE;
	if (place_open(&place, root, "/a/in", PLACE_DIRECTORY) < 0) {
		(*refused)++;
		return;
	}
	auto_close int mount = place_new(&place, "tmpfs", "t", 0, NULL);
	if (mount < 0) {
		(*refused)++;
		must(count_mounts() == before);
		return;
	}
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0 && table.count == before + 1);
	const char *target = table.mounts[table.count - 1].target;
	/* The directory itself may have been moved, within the root. */
	must(strncmp(target, "/tmp/root/", 10) == 0);
	(*made)++;
	must(fchdir(mount) == 0 && umount2(".", MNT_DETACH) == 0);
	must(chdir("/tmp") == 0);
}

static void
swapped_all_the_time(void)
{
	auto_close int root = make_root();
	size_t before = count_mounts(), made = 0, refused = 0;
	must(mkdir("root/a", 0755) == 0);
	must(mkdir("outside/in", 0755) == 0);
	must(symlink("../outside", "root/link") == 0);
	pid_t swapper = fork();
	must(swapper >= 0);
	if (swapper == 0)
		swap_for_ever();
	for (int i = 0; i < 300; i++)
		try_while_it_moves(root, before, &made, &refused);
	must(kill(swapper, SIGKILL) == 0);
	must(waitpid(swapper, NULL, 0) == swapper);
	print_message("%zu made, %zu refused\n", made, refused);
	must(made > 0 && count_mounts() == before);
}

static void
test_swapped(void **state)
{
	(void)state;
	in_sandbox(swapped_before, ALL_CALLS);
	in_sandbox(swapped_before, OLD_KERNEL);
	in_sandbox(swapped_before_without_numbers, ALL_CALLS);
	in_sandbox(swapped_before_it_is_attached, ALL_CALLS);
	in_sandbox(swapped_all_the_time, ALL_CALLS);
	in_root_sandbox(swapped_all_the_time, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_swapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
