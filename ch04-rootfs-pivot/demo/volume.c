/*
 * volume.c - a directory of the host in a container, the experiment `volume`.
 *
 * A volume is a bind mount.  Made read-only, and really; given or denied what
 * is mounted later; and kept inside, whatever links the image has in its way.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "mountfd.h"
#include "ns.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

/* ---- the same files ---------------------------------------------------- */

static int
bind_it(int root)
{
	static const struct rootfs_mount volume = { .source = "data",
						    .target = "/data",
						    .flags = MS_BIND };
	tour_step("A bind mount: one directory in two places");
	if (look_put("data/file", "host\n") < 0 ||
	    rootfs_mount(root, &volume) < 0)
		return -1;
	tour_expect(look_is_same("data/file", "new/data/file"),
		    "data/file and new/data/file are one inode: nothing is "
		    "copied");
	if (look_put("new/data/file", "container\n") < 0)
		return -1;
	tour_expect(look_holds("data/file", "container\n"),
		    "what the container writes is what the host reads");
	return 0;
}

/* ---- read-only --------------------------------------------------------- */

/* 0 or the errno of a write to new/ro and to what is mounted below it. */
static void
show_writes(int *top, int *below)
{
	*top = look_try_create("new/ro");
	*below = look_try_create("new/ro/sub");
	tour_show("can be written", "ro: %s; ro/sub: %s", look_word(*top),
		  look_word(*below));
}

static int
take_off(void)
{
	return sys_umount2("new/ro", MNT_DETACH) < 0 ? fail("unmount new/ro") :
						       0;
}

/* The flags of a bind mount are ignored, but for MS_REC. */
static int
bind_in_one_call(void)
{
	int top, below;
	tour_say("mount(MS_BIND|MS_REC|MS_RDONLY), in one call:");
	if (sys_mount("data", "new/ro", NULL, MS_BIND | MS_REC | MS_RDONLY,
		      NULL) < 0)
		return fail("bind mount");
	show_writes(&top, &below);
	tour_expect(top == 0 && below == 0,
		    "it succeeds, and is not read-only at all");
	return 0;
}

static int
remount_it(void)
{
	int top, below;
	tour_say("and then mount(MS_REMOUNT|MS_BIND|MS_RDONLY), the second "
		 "step:");
	if (sys_mount(NULL, "new/ro", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
		      NULL) < 0)
		return fail("make it read-only");
	show_writes(&top, &below);
	tour_expect(top == EROFS && below == 0,
		    "now it is, but not what is mounted below it");
	return take_off();
}

static int
bind_recursively(int root)
{
	static const struct rootfs_mount volume = {
		.source = "data",
		.target = "/ro",
		.flags = MS_BIND | MS_REC | MS_RDONLY,
	};
	int top, below;
	tour_say("By rootfs.c, which has mount_setattr(AT_RECURSIVE) or goes "
		 "through them all:");
	if (rootfs_mount(root, &volume) < 0)
		return -1;
	show_writes(&top, &below);
	tour_expect(top == EROFS && below == EROFS, "read-only, all of it");
	tour_expect(look_try_create("data") == 0 &&
			    look_try_create("data/sub") == 0,
		    "for the host it is as it was: read-only is the mount, "
		    "not the directory");
	return take_off();
}

static int
make_read_only(int root)
{
	tour_step("Read-only, and what that takes");
	if (make_dirs("data/sub", 0755) < 0 || make_dirs("new/ro", 0755) < 0)
		return -1;
	if (sys_mount("sub", "data/sub", "tmpfs", 0, NULL) < 0)
		return fail("mount something below the volume");
	if (bind_in_one_call() < 0 || remount_it() < 0)
		return -1;
	return bind_recursively(root);
}

/* ---- propagation ------------------------------------------------------- */

struct direction {
	const char *word; /* as in docker run -v data:/data:WORD */
	unsigned long propagation;
	bool comes_in, goes_out;
};

static const struct direction directions[] = {
	{ "rprivate", MS_PRIVATE | MS_REC, false, false },
	{ "rslave", MS_SLAVE | MS_REC, true, false },
	{ "rshared", MS_SHARED | MS_REC, true, true },
};

static int
mount_marked(const char *path)
{
	if (sys_mount("mark", path, "tmpfs", 0, NULL) < 0)
		return fail("mount on %s", path);
	auto_free char *mark = text("%s/mark", path);
	return look_put(mark, "");
}

static int
try_direction(int root, const struct direction *direction)
{
	auto_free char *target = text("/%s", direction->word);
	const struct rootfs_mount volume = {
		.source = "later",
		.target = target,
		.flags = MS_BIND | MS_REC,
		.propagation = direction->propagation,
	};
	auto_free char *in = text("new%s/host/mark", target);
	auto_free char *made = text("new%s/inside", target);
	if (rootfs_mount(root, &volume) < 0 || mount_marked("later/host") < 0)
		return -1;
	bool comes_in = access(in, F_OK) == 0;
	if (mount_marked(made) < 0)
		return -1;
	bool goes_out = access("later/inside/mark", F_OK) == 0;
	tour_show(direction->word, "a mount of the host comes in: %s, one of "
				   "ours goes out: %s",
		  comes_in ? "yes" : "no", goes_out ? "yes" : "no");
	tour_expect(comes_in == direction->comes_in &&
			    goes_out == direction->goes_out,
		    "as %s says", direction->word);
	/* Or to unmount it would spread, too. */
	auto_free char *whole = text("new%s", target);
	if (sys_mount(NULL, whole, NULL, MS_PRIVATE | MS_REC, NULL) < 0 ||
	    sys_umount2(whole, MNT_DETACH) < 0 ||
	    sys_umount2("later/host", MNT_DETACH) < 0 ||
	    (goes_out && sys_umount2("later/inside", MNT_DETACH) < 0))
		return fail("unmount %s", direction->word);
	return 0;
}

static int
try_propagation(int root)
{
	tour_step("What is mounted later: propagation");
	if (make_dirs("later/host", 0755) < 0 ||
	    make_dirs("later/inside", 0755) < 0)
		return -1;
	if (sys_mount("later", "later", NULL, MS_BIND, NULL) < 0 ||
	    sys_mount(NULL, "later", NULL, MS_SHARED, NULL) < 0)
		return fail("make a shared mount");
	for (size_t i = 0; i < countof(directions); i++)
		if (try_direction(root, &directions[i]) < 0)
			return -1;
	return 0;
}

/* ---- targets that are links -------------------------------------------- */

static int
lead_outside(int root)
{
	struct rootfs_mount volume = { .source = "data",
				       .target = "/link",
				       .flags = MS_BIND };
	tour_step("The image has a link where the volume is to go");
	auto_free char *outside = realpath("outside", NULL);
	if (!outside || symlink(outside, "new/link") < 0 ||
	    symlink("../../../../../../outside", "new/up") < 0)
		return fail("make links");
	tour_show("new/link", "-> %s", outside);
	tour_say("Joined as text, mount(\"data\", \"new\" \"/link\"):");
	if (sys_mount("data", "new/link", NULL, MS_BIND, NULL) < 0)
		return fail("bind mount");
	tour_expect(access("outside/file", F_OK) == 0,
		    "the volume is mounted on the host's directory "
		    "(CVE-2021-30465)");
	if (sys_umount2("outside", MNT_DETACH) < 0)
		return fail("unmount outside");
	tour_say("By rootfs.c, which looks the target up inside the root:");
	if (rootfs_mount(root, &volume) < 0)
		return -1;
	volume.target = "/up";
	if (rootfs_mount(root, &volume) < 0)
		return -1;
	auto_free char *absolute = text("new%s/file", outside);
	tour_show("it went to", "%s", absolute);
	tour_expect(access(absolute, F_OK) == 0 &&
			    access("new/outside/file", F_OK) == 0,
		    "both links lead to places inside the root");
	auto_free char *names = look_names("outside");
	tour_expect(*names == '\0', "and nothing is mounted outside");
	return 0;
}

/* ---- a race ------------------------------------------------------------ */

enum { MOUNTS = 5000 };

/* A process of the container exchanges a directory and a link, by turns; it
 * ends with the experiment. */
static pid_t
start_swapping(volatile long *swaps)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* EBUSY, when one of the two is mounted on at the moment: go on. */
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, "new/swap", AT_FDCWD,
			    "new/swap-link", 2 /* RENAME_EXCHANGE */) == 0)
			(*swaps)++;
}

struct tally {
	int made, refused, followed, escaped;
};

/* One mount, wherever it went, and all of it undone. */
static void
mount_once(int root, const char *inside, struct tally *tally)
{
	static const struct rootfs_mount volume = { .source = "data",
						    .target = "/swap",
						    .flags = MS_BIND };
	static const char *const places[] = { "new/swap", "new/swap-link" };
	int done = rootfs_mount(root, &volume);
	tally->made += done == 0;
	tally->refused += done < 0;
	tally->escaped += access("outside/file", F_OK) == 0;
	while (sys_umount2(inside, MNT_DETACH) == 0)
		tally->followed++;
	/* Never by the name of a link: that would lead outside. */
	for (size_t i = 0; i < countof(places); i++)
		while (sys_umount2(places[i], MNT_DETACH | UMOUNT_NOFOLLOW) ==
		       0)
			;
}

static int
race(int root)
{
	struct tally tally = { 0 };
	long *swaps = stage_shared(sizeof(*swaps));
	auto_free char *outside = realpath("outside", NULL);
	auto_free char *inside = text("new%s", outside);
	tour_step("The link is swapped in while the mount is made");
	if (!swaps)
		return -1;
	if (mkdir("new/swap", 0755) < 0 ||
	    symlink(outside, "new/swap-link") < 0)
		return fail("make a directory and a link");
	pid_t swapper = start_swapping(swaps);
	if (swapper < 0)
		return fail("start a process");
	for (int i = 0; i < MOUNTS; i++)
		mount_once(root, inside, &tally);
	kill(swapper, SIGKILL);
	tour_show("mounts, swaps meanwhile", "%d, %ld", MOUNTS, *swaps);
	tour_show("made on the directory", "%d", tally.made - tally.followed);
	tour_show("made where the link leads", "%d, inside", tally.followed);
	tour_show("noticed, and undone", "%d", tally.refused);
	tour_show("outside", "%d", tally.escaped);
	auto_free char *names = look_names("outside");
	tour_expect(tally.escaped == 0 && *names == '\0',
		    "not once was anything mounted outside");
	return 0;
}

/* ---- a volume that disappears ------------------------------------------ */

static int
hide(int root)
{
	const struct rootfs_mount plan[] = {
		{ .source = "data", .target = "/srv/www", .flags = MS_BIND },
		{ .type = "tmpfs", .target = "/srv" },
		{ .target = NULL },
	};
	const struct rootfs_mount right[] = { plan[1], plan[0], plan[2] };
	tour_step("A volume that is not there: the order of mounts");
	if (rootfs_mount_all(root, plan) < 0)
		return -1;
	tour_expect(look_is_missing("new/srv/www/file"),
		    "/srv/www first, then /srv: the second covers the first");
	if (sys_umount2("new/srv", MNT_DETACH) < 0 ||
	    sys_umount2("new/srv/www", MNT_DETACH) < 0)
		return fail("unmount");
	if (rootfs_mount_all(root, right) < 0)
		return -1;
	tour_expect(access("new/srv/www/file", F_OK) == 0,
		    "parents first: /srv, then /srv/www");
	return 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	auto_close int root = root_make_mount("new");
	if (root < 0)
		return -1;
	if (mkdir("outside", 0755) < 0)
		return fail("make directory outside");
	if (bind_it(root) < 0 || make_read_only(root) < 0 ||
	    try_propagation(root) < 0 || lead_outside(root) < 0 ||
	    race(root) < 0 || hide(root) < 0)
		return -1;
	return tour_shell("Try: ls -l new/link new/data; echo x > data/file; "
			  "cat new/data/file; mount --bind data new/up");
}

const struct experiment demo_volume = {
	.name = "volume",
	.shows = "bind mounts, really read-only ones, propagation; links that "
		 "lead out stay inside",
	.run = run,
	.has_shell = true,
};
