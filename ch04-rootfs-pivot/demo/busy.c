/*
 * busy.c - a mount that will not go, the experiment `busy`.
 *
 * Four processes hold a mount, each in another way; /proc tells which.  They
 * let go one after another.  Then what a lazy unmount does and does not do,
 * what a recursive removal does to a mount that is still there, and a FUSE
 * mount whose program has died.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "demo.h"
#include "holders.h"
#include "look.h"
#include "ns.h"
#include "stage.h"
#include "sys.h"
#include "tree.h"

/* ---- four ways to hold it ---------------------------------------------- */

static int
open_file(void *data)
{
	int *kept = data;
	*kept = open("mnt/file", O_RDWR | O_CLOEXEC);
	return *kept < 0 ? fail("open mnt/file") : 0;
}

static int
go_there(void *data)
{
	(void)data;
	return chdir("mnt") < 0 ? fail("enter mnt") : 0;
}

static int
map_file(void *data)
{
	(void)data;
	auto_close int fd = open("mnt/file", O_RDONLY | O_CLOEXEC);
	if (fd < 0 ||
	    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		return fail("map mnt/file");
	return 0;
}

/* A mount namespace begins as a copy, this mount included. */
static int
copy_mounts(void *data)
{
	(void)data;
	return sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ?
		       fail("make the copy private") :
		       0;
}

static int descriptor = -1;

static const struct way {
	const char *how;
	uint64_t kinds;
	int (*body)(void *data);
} ways[] = {
	{ "open file", 0, open_file },
	{ "working directory", 0, go_there },
	{ "mapped file", 0, map_file },
	{ "mount namespace", CLONE_NEWNS, copy_mounts },
};
enum { WAYS = countof(ways), ANOTHER_NAMESPACE = WAYS - 1 };

static int
mount_it(struct stat *st)
{
	if (sys_mount("busy", "mnt", "tmpfs", 0, NULL) < 0)
		return fail("mount on mnt");
	if (look_put("mnt/file", "content\n") < 0)
		return -1;
	return stat("mnt", st) < 0 ? fail("look at mnt") : 0;
}

static int
try_umount(void)
{
	int error = sys_umount2("mnt", 0) < 0 ? errno : 0;
	tour_show("umount", "%s", error ? strerror(error) : "done");
	return error;
}

static int
show_holders(dev_t device, struct holders *holders)
{
	if (holders_find(device, holders) < 0)
		return -1;
	for (size_t i = 0; i < holders->count; i++) {
		const struct holder *holder = &holders->list[i];
		auto_free char *who = text("%d (%s)", holder->pid,
					   holder->program);
		tour_show(who, "%s %s", holder->how, holder->what);
	}
	return 0;
}

/* ---- who is it? -------------------------------------------------------- */

static int
let_go(struct stage_helper *helpers, dev_t device)
{
	tour_step("They let go, one after another");
	for (size_t i = 0; i < ANOTHER_NAMESPACE; i++) {
		tour_show("ends", "%d, which had it as %s", helpers[i].pid,
			  ways[i].how);
		stage_dismiss(&helpers[i]);
		int error = try_umount();
		if (i + 1 < ANOTHER_NAMESPACE)
			tour_expect(error == EBUSY, "still busy");
		else
			tour_expect(error == 0, "gone, although another mount "
						"namespace still has it");
	}
	auto_holders struct holders holders = { 0 };
	if (show_holders(device, &holders) < 0)
		return -1;
	tour_expect(holders.count == 1 &&
			    holders_has(&holders,
					helpers[ANOTHER_NAMESPACE].pid,
					"mount namespace"),
		    "there the file system lives on, with its files: a disk "
		    "would still be in use");
	return 0;
}

static int
find_them(struct stage_helper *helpers, dev_t device)
{
	for (size_t i = 0; i < WAYS; i++)
		if (stage_help(&helpers[i], ways[i].kinds, ways[i].body,
			       &descriptor) < 0)
			return wrap("have it as %s", ways[i].how);
	auto_holders struct holders holders = { 0 };
	int error = try_umount();
	tour_expect(error == EBUSY, "Device or resource busy");
	if (show_holders(device, &holders) < 0)
		return -1;
	bool all = true;
	for (size_t i = 0; i < WAYS; i++)
		all &= holders_has(&holders, helpers[i].pid, ways[i].how);
	tour_expect(all, "/proc has all four: fd, cwd, maps, mountinfo");
	return let_go(helpers, device);
}

static int
hold_and_find(void)
{
	struct stage_helper helpers[WAYS] = { 0 };
	struct stat st;
	tour_step("Four processes, four reasons");
	if (mount_it(&st) < 0)
		return -1;
	int done = find_them(helpers, st.st_dev);
	for (size_t i = 0; i < WAYS; i++)
		stage_dismiss(&helpers[i]);
	return done;
}

/* ---- lazily ------------------------------------------------------------ */

static int
unmount_lazily(void)
{
	struct stat st;
	char bytes[16] = "";
	tour_step("umount -l: out of sight, and not gone");
	if (mount_it(&st) < 0)
		return -1;
	auto_close int fd = open("mnt/file", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail("open mnt/file");
	int error = try_umount();
	int lazy = sys_umount2("mnt", MNT_DETACH) < 0 ? errno : 0;
	tour_show("umount -l", "%s", lazy ? strerror(lazy) : "done");
	tour_expect(error == EBUSY && lazy == 0 &&
			    look_is_missing("mnt/file"),
		    "MNT_DETACH succeeds where umount does not");
	tour_expect(pwrite(fd, "changed\n", 8, 0) == 8 &&
			    pread(fd, bytes, sizeof(bytes), 0) == 8 &&
			    strcmp(bytes, "changed\n") == 0,
		    "who had a file open goes on reading and writing it");
	auto_holders struct holders holders = { 0 };
	if (show_holders(st.st_dev, &holders) < 0)
		return -1;
	tour_expect(holders_has(&holders, getpid(), "open file"),
		    "the file system is in use until that ends, and no mount "
		    "table has it");
	return 0;
}

/* ---- what must not be removed ------------------------------------------ */

static int
remove_above(void)
{
	tour_step("\"It is unmounted, so remove the directory\"");
	if (look_put("precious/file", "data\n") < 0 ||
	    make_dirs("container/volume", 0755) < 0 ||
	    look_put("container/log", "text\n") < 0)
		return -1;
	if (sys_mount("precious", "container/volume", NULL, MS_BIND, NULL) < 0)
		return fail("bind precious");
	tour_say("A volume is still mounted below; an rm -r would go on into "
		 "it.");
	int removed = tree_remove(AT_FDCWD, "container");
	look_show("tree_remove", removed < 0 ? failure.text : "removed");
	tour_expect(removed < 0 && look_holds("precious/file", "data\n"),
		    "this project's remover stops there: precious/file is as "
		    "it was");
	if (sys_umount2("container/volume", 0) < 0)
		return fail("unmount the volume");
	removed = tree_remove(AT_FDCWD, "container");
	tour_expect(removed == 0 && look_is_missing("container") &&
			    look_holds("precious/file", "data\n"),
		    "unmounted first, the rest can go");
	return 0;
}

/* ---- a dead FUSE ------------------------------------------------------- */

/* The beginning of any FUSE program: the mount is tied to a descriptor. */
static int
serve(void *data)
{
	int *kept = data;
	*kept = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (*kept < 0)
		return fail("open /dev/fuse");
	auto_free char *options = text("fd=%d,rootmode=40000,user_id=0,"
				       "group_id=0",
				       *kept);
	return sys_mount("dead", "mnt", "fuse.demo", MS_NOSUID | MS_NODEV,
			 options) < 0 ?
		       fail("mount a FUSE") :
		       0;
}

static int
look_at_dead(void)
{
	struct stat st;
	int error = stat("mnt/file", &st) < 0 ? errno : 0;
	tour_show("stat mnt/file", "%s", look_word(error));
	tour_expect(error == ENOTCONN, "Transport endpoint is not connected: "
				       "nobody answers");
	auto_free char *here = realpath(".", NULL);
	auto_free char *mnt = text("%s/mnt", here ? here : "");
	auto_free char *options = look_mount(mnt);
	tour_expect(*options != '\0', "the mount has outlived its program");
	auto_close int inside = open("mnt", O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = try_umount();
	tour_expect(error == EBUSY, "and while somebody is in there, umount "
				    "is refused");
	if (sys_umount2("mnt", MNT_DETACH) < 0)
		return fail("unmount lazily");
	auto_free char *now = look_mount(mnt);
	tour_expect(*now == '\0' && stat("mnt", &st) == 0,
		    "umount -l gets rid of it, whoever is in there");
	return 0;
}

static int
kill_fuse(void)
{
	struct stage_helper helper = { 0 };
	tour_step("A FUSE mount whose program was killed");
	if (stage_help(&helper, 0, serve, &descriptor) < 0) {
		tour_say("This takes /dev/fuse: %s.", failure.text);
		return 0;
	}
	tour_show("kill -9", "%d, which had mounted it", helper.pid);
	sys_kill(helper.pid, SIGKILL);
	stage_dismiss(&helper);
	return look_at_dead();
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (mkdir("mnt", 0755) < 0)
		return fail("make directory mnt");
	if (hold_and_find() < 0 || unmount_lazily() < 0 || remove_above() < 0)
		return -1;
	return kill_fuse();
}

const struct experiment demo_busy = {
	.name = "busy",
	.shows = "a mount that will not go: who holds it, lazy umount, a dead "
		 "FUSE",
	.run = run,
};
