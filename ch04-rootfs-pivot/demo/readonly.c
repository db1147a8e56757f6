/*
 * readonly.c - a root that cannot be written, with islands that can, the
 * experiment `readonly`.
 *
 * What a service of today is given: nobody changes its programs, not even
 * itself, and what it writes goes to a few places that are known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempts.h"
#include "demo.h"
#include "look.h"
#include "ns.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

#define KINDS                                                                 \
	(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |           \
	 CLONE_NEWUTS)

/* ---- what can be written ----------------------------------------------- */

static int
show_write(const char *path)
{
	int error = look_try_create(path);
	tour_show(path, "%s", look_word(error));
	return error;
}

static void
try_writes(void)
{
	tour_say("A file is made in each:");
	int root = show_write("/"), etc = show_write("/etc"),
	    bin = show_write("/bin"), dev = show_write("/dev");
	int tmp = show_write("/tmp"), run = show_write("/run"),
	    shm = show_write("/dev/shm"), data = show_write("/data");
	tour_expect(root == EROFS && etc == EROFS && bin == EROFS,
		    "the image's own directories: Read-only file system");
	tour_expect(tmp == 0 && run == 0 && shm == 0 && data == 0,
		    "the islands: written");
	tour_expect(dev == 0, "/dev is a mount of its own, and writable");
}

/* ---- how read-only is that? -------------------------------------------- */

static int
turn_round(void)
{
	return sys_mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) < 0 ?
		       errno :
		       0;
}

static int
turn_without(void *data)
{
	(void)data;
	return attempts_drop_capabilities() < 0 ? -1 : turn_round();
}

static int
try_to_turn(void)
{
	tour_step("Who can make it writable again");
	int without = stage_child(0, turn_without, NULL);
	if (without < 0)
		return -1;
	int with = turn_round();
	int after = look_try_create("/etc");
	tour_show("remount, no capabilities", "%s", look_word(without));
	tour_show("remount, with CAP_SYS_ADMIN", "%s", look_word(with));
	tour_show("/etc", "%s", look_word(after));
	tour_expect(without == EPERM, "not a process without CAP_SYS_ADMIN");
	tour_expect(with == 0 && after == 0,
		    "one with it can: the flag is the mount's, and the mount "
		    "is its own");
	return 0;
}

/* ---- inside ------------------------------------------------------------ */

static int
live(void *data)
{
	(void)data;
	static const struct rootfs_mount islands[] = {
		{ .type = "tmpfs",
		  .target = "/tmp",
		  .flags = MS_NOSUID | MS_NODEV,
		  .data = "mode=1777,size=16m" },
		{ .type = "tmpfs",
		  .target = "/run",
		  .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  .data = "mode=755,size=1m" },
		{ .source = "data", .target = "/data", .flags = MS_BIND },
		{ .target = NULL },
	};
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0 || rootfs_mount_all(root, rootfs_plan_default) < 0 ||
	    rootfs_dev(root) < 0 || rootfs_mount_all(root, islands) < 0 ||
	    rootfs_readonly(root) < 0 || rootfs_pivot(root) < 0)
		return -1;
	auto_free char *options = look_mount("/");
	tour_expect(strncmp(options, "ro", 2) == 0, "the mount on / is ro");
	try_writes();
	setenv("PATH", "/bin", 1);
	if (root_shell("Try: touch /etc/x; touch /tmp/x /data/x; mount -o "
		       "remount,bind,rw /") < 0)
		return -1;
	return try_to_turn();
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (root_make("new") < 0 || make_dirs("data", 0755) < 0)
		return -1;
	tour_step("The root read-only; /tmp, /run and a volume not");
	tour_say("Mounted first, and the root made read-only last: no mount "
		 "point could be made");
	tour_say("in it afterwards.");
	if (stage_child(KINDS, live, NULL) < 0)
		return -1;
	tour_expect(look_try_create("new/etc") == 0,
		    "for us, by another mount of it, the directory was never "
		    "read-only");
	return 0;
}

const struct experiment demo_readonly = {
	.name = "readonly",
	.shows = "a read-only root with writable islands",
	.run = run,
	.has_shell = true,
};
