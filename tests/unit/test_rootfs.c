/*
 * test_rootfs.c - a container's root, built and entered, in namespaces as a
 * container has them: what the kernel then says is mounted, and what the
 * process inside can still reach.
 */
#include "rootfs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "mountinfo.h"
#include "safepath.h"
#include "sandbox.h"
#include "sys.h"

/* ---- helpers ----------------------------------------------------------- */

static void
put(const char *path, const char *content)
{
	auto_close int fd = open(path,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0644);
	must(fd >= 0);
	must(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
}

static bool
says(const char *path, const char *content)
{
	char found[64];
	return read_text(AT_FDCWD, path, found, sizeof(found)) >= 0 &&
	       strcmp(found, content) == 0;
}

static bool
exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static bool
is_device(const char *path, unsigned int major, unsigned int minor)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(major, minor);
}

static bool
is_link(const char *path, const char *target)
{
	char found[64] = "";
	return readlink(path, found, sizeof(found) - 1) > 0 &&
	       strcmp(found, target) == 0;
}

static bool
is_readonly(const char *path)
{
	auto_free char *new = text("%s/test-new", path);
	return mkdir(new, 0755) < 0 && errno == EROFS;
}

static size_t
count_mounts(void)
{
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	return table.count;
}

/* root/ is to be the container's, precious is the host's. */
static int
make_root(void)
{
	must(mkdir("root", 0755) == 0 && mkdir("precious", 0755) == 0);
	put("precious/file", "outside");
	must(mount("root", "root", NULL, MS_BIND, NULL) == 0);
	int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0);
	return root;
}

/* ---- the whole way ----------------------------------------------------- */

static void
check_mounts(void)
{
	auto_mounts struct mount_table table = { 0 };
	static const char *const places[] = { "/", "/proc", "/sys", "/dev",
					      "/dev/pts", "/dev/shm" };
	must(mountinfo_read(0, &table) == 0);
	for (size_t i = 0; i < countof(places); i++)
		must(mountinfo_find(&table, places[i]));
	for (size_t i = 0; i < table.count; i++) {
		const struct mountinfo *mount = &table.mounts[i];
		must(strcmp(mount->target, "/") == 0 ||
		     strncmp(mount->target, "/proc", 5) == 0 ||
		     strncmp(mount->target, "/sys", 4) == 0 ||
		     strncmp(mount->target, "/dev", 4) == 0);
		must(*mount->optional == '\0'); /* neither shared nor slave */
	}
	const struct mountinfo *proc = mountinfo_find(&table, "/proc");
	must(mountinfo_has_option(proc->options, "nosuid"));
	must(mountinfo_has_option(proc->options, "nodev"));
	must(mountinfo_has_option(proc->options, "noexec"));
}

static void
check_dev(void)
{
	char byte;
	struct stat st;
	must(is_device("/dev/null", 1, 3) && is_device("/dev/zero", 1, 5) &&
	     is_device("/dev/full", 1, 7) && is_device("/dev/random", 1, 8) &&
	     is_device("/dev/urandom", 1, 9) && is_device("/dev/tty", 5, 0));
	must(is_link("/dev/fd", "/proc/self/fd"));
	must(is_link("/dev/stdin", "/proc/self/fd/0"));
	must(is_link("/dev/stdout", "/proc/self/fd/1"));
	must(is_link("/dev/stderr", "/proc/self/fd/2"));
	must(is_link("/dev/ptmx", "pts/ptmx"));
	/* They work. */
	put("/dev/null", "swallowed");
	auto_close int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	must(read(zero, &byte, 1) == 1 && byte == 0);
	auto_close int terminal = open("/dev/ptmx", O_RDWR | O_CLOEXEC);
	must(terminal >= 0 && unlockpt(terminal) == 0);
	must(strcmp(ptsname(terminal), "/dev/pts/0") == 0); /* our own pts */
	must(stat("/dev/shm", &st) == 0 && (st.st_mode & 07777) == 01777);
	put("/dev/shm/memory", "shared");
}

static void
check_covers(void)
{
	auto_free char *kcore = NULL;
	auto_dir DIR *firmware = opendir("/sys/firmware");
	struct dirent *entry;
	size_t length = 1;
	if (exists("/proc/kcore")) {
		kcore = read_all(AT_FDCWD, "/proc/kcore", &length);
		must(kcore && length == 0);
		must(is_device("/proc/kcore", 1, 3));
	}
	while (firmware && (entry = readdir(firmware)))
		must(entry->d_name[0] == '.');
	if (firmware)
		must(is_readonly("/sys/firmware"));
	/* EACCES: in a user namespace the file is another root's. */
	must(open("/proc/sys/kernel/hostname", O_WRONLY) < 0 &&
	     (errno == EROFS || errno == EACCES));
	must(is_readonly("/sys"));
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	for (size_t i = 0; rootfs_readonly_default[i]; i++) {
		const char *path = rootfs_readonly_default[i];
		const struct mountinfo *mount = mountinfo_find(&table, path);
		must(!exists(path) || mount);
		must(!mount || mountinfo_has_option(mount->options, "ro"));
	}
}

/* The first process of a container, as ch06 has it. */
static void
be_first_process(void)
{
	struct stat wanted, now;
	must(ns_own_mounts() == 0);
	auto_close int root = make_root();
	int before = count_descriptors();
	must(rootfs_mount_all(root, rootfs_plan_default) == 0);
	must(rootfs_dev(root) == 0);
	must(rootfs_mask(root, rootfs_masked_paths) == 0);
	must(rootfs_readonly_paths(root, rootfs_readonly_default) == 0);
	must(count_descriptors() == before);
	must(stat("root", &wanted) == 0);
	must(rootfs_pivot(root) == 0);
	must(stat("/", &now) == 0 && now.st_ino == wanted.st_ino &&
	     now.st_dev == wanted.st_dev);
	must(stat(".", &now) == 0 && now.st_ino == wanted.st_ino);
	must(is_link("/proc/self", "1")); /* our own processes */
	must(!exists("/proc/2"));
	must(!exists("/tmp") && !exists("/etc") && !exists("/precious"));
	must(!exists("/../etc") && !exists("/../tmp"));
	check_mounts();
	check_dev();
	check_covers();
}

/* In namespaces of its own; the outside must look as before. */
static void
build_and_enter(void)
{
	size_t mounts = count_mounts();
	int pidfd;
	pid_t pid = sys_clone(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
				      CLONE_NEWIPC,
			      -1, &pidfd);
	must(pid >= 0);
	if (pid == 0) {
		must(getpid() == 1);
		be_first_process();
		_exit(0);
	}
	int status;
	must(waitpid(pid, &status, 0) == pid);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	must(count_mounts() == mounts);
	/* The mount points it made are there, what it mounted is not. */
	must(exists("root/dev") && !exists("root/dev/null"));
	must(exists("root/proc") && !exists("root/proc/self"));
}

/* make_root() wants an empty place that the child alone has. */
static void
whole_way(void)
{
	must(mkdir("place", 0755) == 0);
	must(mount("scratch", "place", "tmpfs", 0, NULL) == 0);
	must(chdir("place") == 0);
	build_and_enter();
}

static void
test_whole_way(void **state)
{
	(void)state;
	in_sandbox(whole_way, ALL_CALLS);
	in_sandbox(whole_way, OLD_KERNEL);
}

static void
test_whole_way_as_root(void **state)
{
	(void)state;
	in_root_sandbox(whole_way, ALL_CALLS);
	in_root_sandbox(whole_way, OLD_KERNEL);
}

/* ---- volumes ----------------------------------------------------------- */

static void
targets_stay_inside(void)
{
	auto_close int root = make_root();
	struct rootfs_mount volume = { .source = "precious",
				       .flags = MS_BIND };
	must(mkdir("etc", 0755) == 0 && mkdir("root/real", 0755) == 0);
	must(symlink("/etc", "root/absolute") == 0);
	must(symlink("../../../etc", "root/up") == 0);
	must(symlink("real", "root/link") == 0);
	volume.target = "/absolute";
	must(rootfs_mount(root, &volume) == 0);
	must(says("root/etc/file", "outside") && !exists("etc/file"));
	volume.target = "link/deep/down";
	must(rootfs_mount(root, &volume) == 0);
	must(says("root/real/deep/down/file", "outside"));
	volume.target = "../../../over/the/top";
	must(rootfs_mount(root, &volume) == 0);
	must(says("root/over/the/top/file", "outside"));

	/* A file on a file, made for it; the other way round is refused. */
	volume.source = "precious/file";
	volume.target = "/etc-of-image/resolv.conf";
	must(rootfs_mount(root, &volume) == 0);
	must(says("root/etc-of-image/resolv.conf", "outside"));
	volume.target = "/real";
	must(rootfs_mount(root, &volume) < 0 && failure.code == EISDIR);
	put("root/plain", "inside");
	volume.source = "precious";
	volume.target = "/plain";
	must(rootfs_mount(root, &volume) < 0 && failure.code == ENOTDIR);
	volume.source = "missing";
	volume.target = "/not-made";
	must(rootfs_mount(root, &volume) < 0 && failure.code == ENOENT);
	must(strstr(failure.text, "missing") && !exists("root/not-made"));
}

static void
read_only_is_read_only(void)
{
	auto_close int root = make_root();
	must(mkdir("precious/sub", 0755) == 0);
	must(mount("sub", "precious/sub", "tmpfs", 0, NULL) == 0);
	const struct rootfs_mount plain = { .source = "precious",
					    .target = "/plain",
					    .flags = MS_BIND | MS_RDONLY };
	const struct rootfs_mount deep = { .source = "precious",
					   .target = "/deep",
					   .flags = MS_BIND | MS_REC |
						    MS_RDONLY | MS_NOEXEC };
	const struct rootfs_mount file = { .source = "precious/file",
					   .target = "/file",
					   .flags = MS_BIND | MS_RDONLY };
	must(rootfs_mount(root, &plain) == 0);
	must(rootfs_mount(root, &deep) == 0);
	must(rootfs_mount(root, &file) == 0);
	must(is_readonly("root/plain") && is_readonly("root/deep"));
	must(is_readonly("root/deep/sub"));
	must(open("root/file", O_WRONLY) < 0 && errno == EROFS);
	/* The host's own view is as writable as before. */
	put("precious/file", "changed");
	put("precious/sub/new", "x");
	must(says("root/file", "changed") && exists("root/deep/sub/new"));
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *sub =
		mountinfo_find(&table, "/tmp/root/deep/sub");
	must(sub && mountinfo_has_option(sub->options, "noexec"));
}

static void
propagation_is_as_asked(void)
{
	auto_close int root = make_root();
	must(mount("precious", "precious", NULL, MS_BIND, NULL) == 0);
	must(mount(NULL, "precious", NULL, MS_SHARED, NULL) == 0);
	struct rootfs_mount volume = { .source = "precious",
				       .flags = MS_BIND };
	volume.target = "/slave";
	volume.propagation = MS_SLAVE;
	must(rootfs_mount(root, &volume) == 0);
	volume.target = "/private";
	volume.propagation = MS_PRIVATE;
	must(rootfs_mount(root, &volume) == 0);
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *slave =
		mountinfo_find(&table, "/tmp/root/slave");
	const struct mountinfo *private =
		mountinfo_find(&table, "/tmp/root/private");
	must(slave && strncmp(slave->optional, "master:", 7) == 0);
	must(private && *private->optional == '\0');
}

static void
test_volumes(void **state)
{
	(void)state;
	in_sandbox(targets_stay_inside, ALL_CALLS);
	in_sandbox(targets_stay_inside, OLD_KERNEL);
	in_sandbox(read_only_is_read_only, ALL_CALLS);
	in_sandbox(read_only_is_read_only, OLD_KERNEL);
	in_sandbox(propagation_is_as_asked, ALL_CALLS);
	in_sandbox(propagation_is_as_asked, OLD_KERNEL);
}

/* ---- propagation across namespaces -------------------------------------- */

struct pair {
	int ours, theirs; /* ends of a socket pair */
	unsigned long widest;
	bool comes_in, goes_out;
};

static void
tell(int sock)
{
	must(write(sock, "x", 1) == 1);
}

static void
hear(int sock)
{
	char byte;
	must(read(sock, &byte, 1) == 1);
}

static void
mount_mark(const char *path)
{
	auto_free char *mark = text("%s/mark", path);
	must(mount("mark", path, "tmpfs", 0, NULL) == 0);
	put(mark, "");
}

/* The container's first process. */
static void
use_volume(const struct pair *pair)
{
	must(rootfs_own_mounts("root", pair->widest) == 0);
	must(mount("root", "root", NULL, MS_BIND, NULL) == 0);
	auto_close int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct rootfs_mount plan[] = {
		{ .type = "tmpfs", .target = "/own" },
		{ .source = "/proc", .target = "/proc",
		  .flags = MS_BIND | MS_REC,
		  .propagation = MS_PRIVATE | MS_REC },
		{ .source = "host", .target = "/v", .flags = MS_BIND | MS_REC,
		  .propagation = pair->widest | MS_REC },
		{ .target = NULL },
	};
	must(rootfs_mount_all(root, plan) == 0);
	tell(pair->theirs);
	hear(pair->theirs); /* the host has mounted something */
	must(exists("root/v/in/mark") == pair->comes_in);
	mount_mark("root/v/out");
	tell(pair->theirs);
	hear(pair->theirs);
	must(rootfs_pivot(root) == 0);
	must(exists("/v/out/mark") && !exists("/tmp") && exists("/own"));
	must(exists("/v/in/mark") == pair->comes_in);
}

static void
share_volume(struct pair *pair)
{
	int ends[2];
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	pair->ours = ends[0];
	pair->theirs = ends[1];
	size_t before = count_mounts();
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		use_volume(pair);
		_exit(0);
	}
	hear(pair->ours);
	must(count_mounts() == before); /* the whole root, and we see nothing */
	mount_mark("host/in");
	tell(pair->ours);
	hear(pair->ours);
	must(exists("host/out/mark") == pair->goes_out);
	tell(pair->ours);
	int status;
	must(waitpid(pid, &status, 0) == pid && status == 0);
	must(exists("host/in/mark")); /* the pivot has unmounted only its own */
	must(exists("host/out/mark") == pair->goes_out);
	must(umount2("host/in", MNT_DETACH) == 0);
	must(!pair->goes_out || umount2("host/out", MNT_DETACH) == 0);
	must(count_mounts() == before);
	close(ends[0]);
	close(ends[1]);
}

static void
what_is_asked_for_arrives(void)
{
	struct pair pairs[] = {
		{ .widest = MS_PRIVATE },
		{ .widest = MS_SLAVE, .comes_in = true },
		{ .widest = MS_SHARED, .comes_in = true, .goes_out = true },
	};
	must(mkdir("root", 0755) == 0 && mkdir("host", 0755) == 0);
	must(mount("host", "host", "tmpfs", 0, NULL) == 0);
	must(mkdir("host/in", 0755) == 0 && mkdir("host/out", 0755) == 0);
	/* As systemd leaves it. */
	must(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	for (size_t i = 0; i < countof(pairs); i++)
		share_volume(&pairs[i]);
}

static void
test_propagation(void **state)
{
	(void)state;
	in_sandbox(what_is_asked_for_arrives, ALL_CALLS);
	in_sandbox(what_is_asked_for_arrives, OLD_KERNEL);
}

/* ---- hostile images ---------------------------------------------------- */

static void
hostile_images_are_refused(void)
{
	auto_close int root = make_root();
	must(mkdir("root/elsewhere", 0755) == 0);
	size_t mounts = count_mounts();

	must(symlink("elsewhere", "root/proc") == 0);
	must(rootfs_mount_all(root, rootfs_plan_default) < 0);
	must(strstr(failure.text, "/proc") && strstr(failure.text, "link"));
	must(symlink("/elsewhere", "root/dev") == 0);
	must(rootfs_dev(root) < 0);
	must(strstr(failure.text, "/dev"));
	must(count_mounts() == mounts);

	/* A /dev/null that is not: what is masked by it could be read. */
	must(unlink("root/dev") == 0 && mkdir("root/dev", 0755) == 0);
	must(mkdir("root/secret", 0755) == 0);
	put("root/secret-file", "secret");
	static const char *const paths[] = { "/secret-file", "/secret",
					     "/not/there", NULL };
	must(rootfs_mask(root, paths) < 0);
	put("root/dev/null", "");
	must(rootfs_mask(root, paths) < 0);
	must(strstr(failure.text, "/dev/null"));
	must(unlink("root/dev/null") == 0);
	must(symlink("/dev/zero", "root/dev/null") == 0);
	must(rootfs_mask(root, paths) < 0);
	must(count_mounts() == mounts);
	must(says("root/secret-file", "secret"));
}

static void
what_is_missing_needs_no_mask(void)
{
	auto_close int root = make_root();
	must(mkdir("root/secret", 0755) == 0);
	put("root/secret/inside", "secret");
	put("root/secret-file", "secret");
	must(rootfs_dev(root) == 0);
	static const char *const paths[] = { "/secret-file", "/secret",
					     "/not/there", NULL };
	must(rootfs_mask(root, paths) == 0);
	must(rootfs_readonly_paths(root, paths) == 0);
	must(!exists("root/secret/inside") && is_readonly("root/secret"));
	must(is_device("root/secret-file", 1, 3));
	must(!exists("root/not"));
}

static void
test_hostile(void **state)
{
	(void)state;
	in_sandbox(hostile_images_are_refused, ALL_CALLS);
	in_sandbox(hostile_images_are_refused, OLD_KERNEL);
	in_sandbox(what_is_missing_needs_no_mask, ALL_CALLS);
	in_sandbox(what_is_missing_needs_no_mask, OLD_KERNEL);
}

/* A failed set-up leaves nothing mounted: here a /dev that fails half-way. */
static void
a_half_made_dev_is_undone(void)
{
	auto_close int root = make_root();
	size_t mounts = count_mounts();
	must(rootfs_dev(root) == 0);
	must(count_mounts() > mounts);
	must(umount2("root/dev", MNT_DETACH) == 0);
	/* Without the host's devices there is nothing to bind. */
	must(mount("gone", "/dev", "tmpfs", 0, NULL) == 0);
	must(rootfs_dev(root) < 0);
	must(strstr(failure.text, "/dev"));
	must(count_mounts() == mounts + 1);
}

static void
test_undo(void **state)
{
	(void)state;
	in_sandbox(a_half_made_dev_is_undone, ALL_CALLS);
	in_sandbox(a_half_made_dev_is_undone, OLD_KERNEL);
}

/* ---- the pivot's EINVALs ----------------------------------------------- */

static void
pivot_refused(int root, const char *words)
{
	struct stat before, after, here, still;
	must(stat("/", &before) == 0 && stat(".", &here) == 0);
	must(rootfs_pivot(root) < 0);
	if (!strstr(failure.text, words))
		print_error("\"%s\" is not in: %s\n", words, failure.text);
	must(strstr(failure.text, words));
	must(stat("/", &after) == 0 && before.st_ino == after.st_ino);
	must(stat(".", &still) == 0 && here.st_ino == still.st_ino);
}

static void
pivot_says_why_not(void)
{
	auto_close int root = make_root();
	must(mkdir("plain", 0755) == 0);
	auto_close int plain = open("plain", O_PATH | O_DIRECTORY);
	pivot_refused(plain, "not a mount point");
	must(mount(NULL, "root", NULL, MS_SHARED, NULL) == 0);
	pivot_refused(root, "new root is a shared mount");
	must(mount(NULL, "root", NULL, MS_PRIVATE, NULL) == 0);
	must(mount(NULL, "/tmp", NULL, MS_SHARED, NULL) == 0);
	pivot_refused(root, "is on is shared");
	must(mount(NULL, "/tmp", NULL, MS_PRIVATE, NULL) == 0);
	auto_close int own = open("/", O_PATH | O_DIRECTORY);
	pivot_refused(own, "the present one");
	must(rootfs_pivot(root) == 0);
	must(!exists("/tmp"));
}

static void
test_pivot(void **state)
{
	(void)state;
	in_sandbox(pivot_says_why_not, ALL_CALLS);
	in_sandbox(pivot_says_why_not, OLD_KERNEL);
}

/* ---- MS_MOVE ----------------------------------------------------------- */

/* As in an initramfs: "/" cannot be put elsewhere. */
static void
moved_instead_of_pivoted(void)
{
	struct stat wanted, now;
	must(mkdir("first", 0755) == 0 && mkdir("first/new", 0755) == 0 &&
	     mkdir("first/proc", 0755) == 0 && mkdir("first/sub", 0755) == 0 &&
	     mkdir("first/new/proc", 0755) == 0);
	put("first/secret", "old");
	must(mount("/proc", "first/proc", NULL, MS_BIND | MS_REC, NULL) == 0);
	must(mount("/proc", "first/new/proc", NULL, MS_BIND | MS_REC, NULL) ==
	     0);
	must(chroot("first") == 0 && chdir("/") == 0);
	auto_close int plain = open("/new", O_PATH | O_DIRECTORY);
	must(rootfs_move(plain) < 0);
	must(strstr(failure.text, "not a mount point"));
	must(exists("/secret"));
	must(mount("new", "new", NULL, MS_BIND | MS_REC, NULL) == 0);
	must(mount("sub", "/sub", "tmpfs", 0, NULL) == 0);
	auto_close int root = open("/new", O_PATH | O_DIRECTORY | O_CLOEXEC);
	pivot_refused(root, "entered by chroot");
	must(fstat(root, &wanted) == 0);
	must(rootfs_move(root) == 0);
	must(stat("/", &now) == 0 && now.st_ino == wanted.st_ino &&
	     now.st_dev == wanted.st_dev);
	must(stat(".", &now) == 0 && now.st_ino == wanted.st_ino);
	must(!exists("/secret") && !exists("/../secret") && !exists("/sub"));
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	for (size_t i = 0; i < table.count; i++)
		must(strcmp(table.mounts[i].target, "/") == 0 ||
		     strncmp(table.mounts[i].target, "/proc", 5) == 0);
}

/* Mounted on "/", it is there already; but what "/" is cannot be moved. */
static void
moved_where_it_is(void)
{
	must(mkdir("first", 0755) == 0 && mkdir("first/proc", 0755) == 0);
	put("first/secret", "old");
	must(mount("/proc", "first/proc", NULL, MS_BIND | MS_REC, NULL) == 0);
	must(chroot("first") == 0 && chdir("/") == 0);
	must(mount("new", "/", "tmpfs", 0, NULL) == 0);
	must(exists("/secret"));
	auto_close int root = open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0 && mkdirat(root, "proc", 0755) == 0 &&
	     mkdirat(root, "inside", 0755) == 0);
	must(mount("/proc", "/../proc", NULL, MS_BIND | MS_REC, NULL) == 0);
	must(rootfs_move(root) == 0);
	must(exists("/inside") && !exists("/secret") && !exists("/../secret"));
	auto_close int present = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(rootfs_move(present) < 0);
	must(strstr(failure.text, "present one"));
}

static void
test_move(void **state)
{
	(void)state;
	in_sandbox(moved_instead_of_pivoted, ALL_CALLS);
	in_sandbox(moved_where_it_is, ALL_CALLS);
	in_sandbox(moved_instead_of_pivoted, OLD_KERNEL);
	if (geteuid() != 0)
		return;
	in_root_sandbox(moved_instead_of_pivoted, ALL_CALLS);
	in_root_sandbox(moved_instead_of_pivoted, OLD_KERNEL);
}

/* ---- a read-only root, the console, other owners ------------------------- */

static void
islands_stay_writable(void)
{
	auto_close int root = make_root();
	const struct rootfs_mount island = { .type = "tmpfs",
					     .target = "/tmp",
					     .flags = MS_NOSUID };
	must(rootfs_mount(root, &island) == 0);
	must(rootfs_readonly(root) == 0);
	must(is_readonly("root"));
	put("root/tmp/file", "x");
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *tmp = mountinfo_find(&table, "/tmp/root/tmp");
	must(tmp && mountinfo_has_option(tmp->options, "rw"));
	must(rootfs_pivot(root) == 0);
	must(is_readonly("/"));
	put("/tmp/file", "y");
}

static void
only_a_terminal_is_a_console(void)
{
	struct stat console, wanted;
	auto_close int root = make_root();
	must(rootfs_dev(root) == 0);
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	auto_close int file = open("precious/file", O_RDWR | O_CLOEXEC);
	size_t mounts = count_mounts();
	must(rootfs_console(root, null) < 0);
	must(rootfs_console(root, file) < 0);
	must(strstr(failure.text, "no terminal"));
	must(count_mounts() == mounts && !exists("root/dev/console"));
	auto_close int master =
		open("root/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	must(master >= 0 && unlockpt(master) == 0);
	auto_close int slave =
		open("root/dev/pts/0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	must(slave >= 0 && rootfs_console(root, slave) == 0);
	must(stat("root/dev/console", &console) == 0 &&
	     fstat(slave, &wanted) == 0 && console.st_rdev == wanted.st_rdev);
}

static void
a_false_proc_is_not_shown(void)
{
	auto_close int root = make_root();
	const struct rootfs_mount proc = { .type = "proc",
					   .source = "/proc",
					   .target = "/proc",
					   .flags = MS_BIND | MS_REC };
	must(rootfs_mount(root, &proc) == 0 && exists("root/proc/self"));
	must(umount2("root/proc", MNT_DETACH) == 0);
	must(mkdir("false", 0755) == 0);
	const struct rootfs_mount wrong = { .type = "proc",
					    .source = "false",
					    .target = "/proc",
					    .flags = MS_BIND | MS_REC };
	size_t mounts = count_mounts();
	must(rootfs_mount(root, &wrong) < 0);
	must(strstr(failure.text, "no procfs") && count_mounts() == mounts);
}

static void
test_more(void **state)
{
	(void)state;
	static void (*const bodies[])(void) = { islands_stay_writable,
						only_a_terminal_is_a_console,
						a_false_proc_is_not_shown };
	for (size_t i = 0; i < countof(bodies); i++) {
		in_sandbox(bodies[i], ALL_CALLS);
		in_sandbox(bodies[i], OLD_KERNEL);
	}
}

/* A user namespace of its own, in which 0 is 100000. */
static int
other_users(void)
{
	int ends[2];
	must(pipe2(ends, O_CLOEXEC) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		must(unshare(CLONE_NEWUSER) == 0);
		must(write(ends[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	char byte;
	must(read(ends[0], &byte, 1) == 1);
	auto_free char *uids = text("/proc/%d/uid_map", pid);
	auto_free char *gids = text("/proc/%d/gid_map", pid);
	auto_free char *path = text("/proc/%d/ns/user", pid);
	must(write_text(AT_FDCWD, uids, "0 100000 1000") == 0);
	must(write_text(AT_FDCWD, gids, "0 100000 1000") == 0);
	int users = open(path, O_RDONLY | O_CLOEXEC);
	must(users >= 0);
	must(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	close(ends[0]);
	close(ends[1]);
	return users;
}

static void
owners_are_shown_mapped(void)
{
	struct stat seen, disk;
	auto_close int users = other_users();
	auto_close int root = make_root();
	const struct rootfs_mount mapped = { .source = "precious",
					     .target = "/mapped",
					     .flags = MS_BIND | MS_RDONLY,
					     .users = users };
	if (rootfs_mount(root, &mapped) < 0) {
		must(failure.code == ENOSYS || failure.code == EINVAL);
		must(!exists("root/mapped/file"));
		_exit(failure.code == EINVAL ? CANNOT : 0);
	}
	must(stat("root/mapped/file", &seen) == 0 && seen.st_uid == 100000);
	must(stat("precious/file", &disk) == 0 && disk.st_uid == 0);
	must(is_readonly("root/mapped"));
}

static void
test_mapped(void **state)
{
	(void)state;
	in_root_sandbox(owners_are_shown_mapped, OLD_KERNEL);
	in_root_sandbox(owners_are_shown_mapped, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_way),
		cmocka_unit_test(test_whole_way_as_root),
		cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_propagation),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_pivot),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_mapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
