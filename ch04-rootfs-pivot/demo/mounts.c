/*
 * mounts.c - what a container has mounted besides its image, the experiment
 * `mounts`.
 *
 * A root gets /proc, /sys and a /dev with all that is in it, masks and
 * read-only paths, is entered, and then looked at from inside.  Before that,
 * three images and mounts that lie about what they are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "busybox.h"
#include "demo.h"
#include "look.h"
#include "ns.h"
#include "procfs.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

#define KINDS                                                                 \
	(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |           \
	 CLONE_NEWUTS)

/* ---- lies -------------------------------------------------------------- */

static void
expect_refused(int result, const char *word, const char *claim)
{
	look_show("refused", result < 0 ? failure.text : "no!");
	tour_expect(result < 0 && strstr(failure.text, word), "%s", claim);
}

/* An image whose /dev/null is something that can be read and written. */
static int
lie_about_null(void *data)
{
	(void)data;
	static const char *const masked[] = { "/etc/motd", NULL };
	if (look_put("new/dev/null", "") < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0)
		return -1;
	tour_say("An image with a plain file /dev/null, by which something is "
		 "to be masked:");
	expect_refused(rootfs_mask(root, masked), "1:3",
		       "the mask is the real null device or there is none "
		       "(CVE-2025-31133)");
	return unlink("new/dev/null") < 0 ? fail("remove it") : 0;
}

static int
lie_about_proc(void *data)
{
	(void)data;
	if (rmdir("new/proc") < 0 || symlink("tmp", "new/proc") < 0)
		return fail("make new/proc a link");
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0)
		return -1;
	tour_say("An image whose /proc is a link to /tmp:");
	expect_refused(rootfs_mount_all(root, rootfs_plan_default), "link",
		       "procfs is mounted on a directory only "
		       "(CVE-2019-19921)");
	if (unlink("new/proc") < 0 || mkdir("new/proc", 0755) < 0)
		return fail("make new/proc a directory again");
	return 0;
}

static bool
is_called(const char *name)
{
	char found[17] = "";
	prctl(PR_GET_NAME, found);
	return strcmp(found, name) == 0;
}

/* What is written for a process's own /proc file goes to a file instead. */
static int
lie_about_a_file(void *data)
{
	(void)data;
	auto_close int proc = procfs_open();
	auto_close int plain = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free char *comm = text("/proc/%d/comm", getpid());
	if (proc < 0 || plain < 0 || look_put("trap", "") < 0)
		return -1;
	if (sys_mount("trap", comm, NULL, MS_BIND, NULL) < 0)
		return fail("bind a trap over %s", comm);
	tour_say("A file is mounted over /proc/PID/comm, where a process "
		 "writes its name:");
	if (write_text(AT_FDCWD, comm, "written") < 0)
		return -1;
	tour_expect(look_holds("trap", "written") && !is_called("written"),
		    "an ordinary write says it succeeded, and went to the "
		    "file");
	auto_free char *inside = text("%d/comm", getpid());
	expect_refused(procfs_write(plain, inside, "caught"), "mounted over",
		       "a write that asks first is refused (CVE-2025-52881)");
	if (procfs_write(proc, inside, "proven") == 0)
		tour_expect(is_called("proven"),
			    "by a procfs of our own, mounted nowhere, it "
			    "reaches the kernel");
	else
		tour_say("(A procfs of one's own takes Linux 5.2 and the "
			 "rights to mount one.)");
	return sys_umount2(comm, 0) < 0 ? fail("unmount the trap") : 0;
}

static int
show_lies(void)
{
	tour_step("Three lies, before anything is trusted");
	if (stage_child(CLONE_NEWNS, lie_about_null, NULL) < 0 ||
	    stage_child(CLONE_NEWNS, lie_about_proc, NULL) < 0)
		return -1;
	return stage_child(CLONE_NEWNS, lie_about_a_file, NULL) < 0 ? -1 : 0;
}

/* ---- /dev -------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned int major, minor;
} devices[] = {
	{ "null", 1, 3 },   { "zero", 1, 5 },	 { "full", 1, 7 },
	{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static void
look_at_devices(const struct mount_table *table)
{
	bool all = true;
	for (size_t i = 0; i < countof(devices); i++) {
		struct stat st = { 0 };
		auto_free char *path = text("/dev/%s", devices[i].name);
		all &= stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
		       st.st_rdev == makedev(devices[i].major,
					     devices[i].minor);
		tour_show(path, "%u:%u, %s", major(st.st_rdev),
			  minor(st.st_rdev),
			  mountinfo_find(table, path) ? "bound from outside" :
							"made by mknod");
	}
	tour_expect(all, "each is the device of that name");
}

static void
use_devices(void)
{
	char bytes[16], zeros[16] = { 0 };
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	auto_close int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	auto_close int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	auto_close int random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	tour_expect(write(null, "x", 1) == 1 && read(null, bytes, 1) == 0,
		    "null takes everything and gives nothing");
	tour_expect(read(zero, bytes, 16) == 16 &&
			    memcmp(bytes, zeros, 16) == 0,
		    "zero gives zeros");
	tour_expect(write(full, "x", 1) < 0 && errno == ENOSPC,
		    "full is always full");
	tour_expect(read(random, bytes, 16) == 16 &&
			    memcmp(bytes, zeros, 16) != 0,
		    "urandom gives anything but zeros");
}

static void
look_at_links(void)
{
	static const char *const links[] = { "fd", "stdin", "stdout", "stderr",
					     "ptmx" };
	bool lead = true;
	for (size_t i = 0; i < countof(links); i++) {
		char target[64] = "";
		auto_free char *path = text("/dev/%s", links[i]);
		if (readlink(path, target, sizeof(target) - 1) < 0)
			lead = false;
		tour_show(path, "-> %s", target);
	}
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	auto_close int in = ends[1];
	auto_close int out = ends[0];
	auto_free char *path = text("/dev/fd/%d", in);
	char byte = 0;
	lead &= write_text(AT_FDCWD, path, "x") == 0 &&
		read(out, &byte, 1) == 1 && byte == 'x';
	tour_expect(lead, "/dev/fd/N is our own descriptor N");
}

/* ---- terminals, memory, queues ----------------------------------------- */

static int
look_at_console(void)
{
	struct stat console, pts;
	char said[16] = "";
	int unlocked = 0;
	auto_close int master =
		open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return fail("open a terminal");
	auto_close int slave =
		ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slave < 0 || root < 0 || null < 0)
		return fail("open its other end");
	expect_refused(rootfs_console(root, null), "no terminal",
		       "what is no terminal is no console (CVE-2025-52565)");
	if (rootfs_console(root, slave) < 0)
		return -1;
	auto_free char *names = look_names("/dev/pts");
	tour_show("/dev/pts", "%s", names);
	tour_expect(stat("/dev/console", &console) == 0 &&
			    stat("/dev/pts/0", &pts) == 0 &&
			    console.st_rdev == pts.st_rdev,
		    "/dev/console is our terminal, the first of a devpts of "
		    "our own");
	auto_close int fd = open("/dev/console",
				 O_WRONLY | O_NOCTTY | O_CLOEXEC);
	tour_expect(fd >= 0 && write(fd, "hello", 5) == 5 &&
			    read(master, said, sizeof(said)) == 5 &&
			    strcmp(said, "hello") == 0,
		    "what is written to it comes out at the other end");
	return 0;
}

static void
look_at_memory(void)
{
	struct stat st;
	tour_expect(stat("/dev/shm", &st) == 0 &&
			    (st.st_mode & 07777) == 01777 &&
			    look_try_create("/dev/shm") == 0,
		    "/dev/shm is everybody's, as /tmp is");
	auto_close int queue = open("/dev/mqueue/demo",
				    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
				    0600);
	char line[128] = "";
	if (queue < 0) {
		tour_show("/dev/mqueue", "%s", strerror(errno));
		return;
	}
	if (read(queue, line, sizeof(line) - 1) < 0)
		line[0] = '\0';
	tour_show("/dev/mqueue/demo", "%.*s", (int)strcspn(line, "\n"), line);
	tour_expect(strncmp(line, "QSIZE:", 6) == 0,
		    "a file made in /dev/mqueue is a message queue");
	unlink("/dev/mqueue/demo");
}

/* ---- masks ------------------------------------------------------------- */

/* In one more user namespace: what a container's user can make himself. */
static int
unmask(void *data)
{
	const char *path = data;
	return sys_umount2(path, MNT_DETACH) < 0 ? errno : 0;
}

/* The first masked file that this kernel has. */
static const char *
masked_file(void)
{
	struct stat st;
	for (const char *const *path = rootfs_masked_paths; *path; path++)
		if (stat(*path, &st) == 0 && !S_ISDIR(st.st_mode))
			return *path;
	return NULL;
}

static int
look_at_masks(void)
{
	struct stat st;
	size_t length = 1;
	const char *path = masked_file();
	auto_free char *firmware = look_names("/sys/firmware");
	tour_show("/sys/firmware", "%s", *firmware ? firmware : "(empty)");
	tour_expect(*firmware == '\0', "/sys/firmware is covered: empty");
	if (!path)
		return 0;
	auto_free char *content = read_all(AT_FDCWD, path, &length);
	if (stat(path, &st) < 0)
		return fail("look at %s", path);
	tour_show(path, "%s %u:%u", S_ISCHR(st.st_mode) ? "device" : "file",
		  major(st.st_rdev), minor(st.st_rdev));
	tour_expect(content && length == 0 && st.st_rdev == makedev(1, 3),
		    "it is /dev/null, and reads as nothing");
	int error = stage_child(CLONE_NEWUSER | CLONE_NEWNS, unmask,
				(void *)path);
	if (error < 0) {
		tour_show("another user namespace", "%s", failure.text);
		return 0;
	}
	tour_show("umount in another user ns", "%s",
		  error ? strerror(error) : "done");
	tour_expect(error != 0, "whoever makes a user namespace in here cannot "
				"take it off");
	return 0;
}

static void
look_at_read_only(void)
{
	int sys = look_try_create("/sys");
	int hostname = look_try_write("/proc/sys/kernel/hostname");
	tour_show("write to /sys", "%s", look_word(sys));
	tour_show("write to /proc/sys", "%s", look_word(hostname));
	tour_expect(sys == EROFS || sys == EPERM || sys == EACCES,
		    "/sys cannot be written");
	tour_expect(hostname != 0, "nor can the kernel's switches");
}

/* ---- inside ------------------------------------------------------------ */

static void
show_mounts(const struct mount_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct mountinfo *mount = &table->mounts[i];
		bool whole = strcmp(mount->root, "/") == 0;
		tour_show(mount->target, "%s%s%s, %s", mount->type,
			  whole ? "" : " of ", whole ? "" : mount->root,
			  mount->options);
	}
}

static bool
is_private(const struct mount_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (*table->mounts[i].optional)
			return false;
	return true;
}

static int
live(void *data)
{
	(void)data;
	auto_mounts struct mount_table table = { 0 };
	if (ns_own_mounts() < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0 || rootfs_mount_all(root, rootfs_plan_default) < 0 ||
	    rootfs_dev(root) < 0 ||
	    rootfs_mask(root, rootfs_masked_paths) < 0 ||
	    rootfs_readonly_paths(root, rootfs_readonly_default) < 0 ||
	    rootfs_pivot(root) < 0 || mountinfo_read(0, &table) < 0)
		return -1;
	show_mounts(&table);
	tour_expect(is_private(&table), "none is shared, and none a slave: "
					"nothing spreads, nothing comes in");
	tour_step("/dev: the devices");
	look_at_devices(&table);
	use_devices();
	look_at_links();
	tour_step("/dev: terminals, shared memory, message queues");
	if (look_at_console() < 0)
		return -1;
	look_at_memory();
	tour_step("What is masked, and what is read-only");
	if (look_at_masks() < 0)
		return -1;
	look_at_read_only();
	setenv("PATH", "/bin", 1);
	return root_shell("Try: mount; ls -l /dev /proc/kcore; cat "
			  "/sys/firmware; echo x > /proc/sys/kernel/hostname");
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (root_make("new") < 0 || show_lies() < 0)
		return -1;
	tour_step("What is mounted in a container");
	return stage_child(KINDS, live, NULL) < 0 ? -1 : 0;
}

const struct experiment demo_mounts = {
	.name = "mounts",
	.shows = "/proc /sys /dev and all in it; masked and read-only paths; "
		 "images that lie",
	.run = run,
	.has_shell = true,
};
