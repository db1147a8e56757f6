/*
 * rootfs.c - a root file system made from nothing, the experiment `rootfs`.
 *
 * A root is just a directory.  This one begins empty, and each part is put
 * there only after something has failed for want of it: a program, the loader
 * and the libraries of another one, names for numbers, /dev, /proc.
 */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "busybox.h"
#include "demo.h"
#include "look.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

#define NS_KINDS_HERE (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

/* ---- a program in there ------------------------------------------------ */

static const char *const just_list[] = { "/demo", "list", NULL };
static const char *const busybox_list[] = { "/bin/ls", "/", NULL };

/* Returns the errno of execve; does not return when the program runs. */
static int
exec_inside(void *argv)
{
	char *const *words = argv;
	if (sys_chroot("new") < 0 || chdir("/") < 0)
		return fail("enter the new root");
	sys_execve(words[0], words, (char *const[]){ "PATH=/bin", NULL });
	return errno;
}

/* The errno with which a program does not run there; its exit status if it
 * does. */
static int
try_inside(const char *const argv[])
{
	tour_print_command(argv, "   (in the new root)");
	return stage_child(0, exec_inside, (void *)argv);
}

static int
play_inside(void *argv)
{
	if (sys_chroot("new") < 0 || chdir("/") < 0)
		return fail("enter the new root");
	setenv("PATH", "/bin", 1);
	return tour_run(argv);
}

static int
run_inside(const char *const argv[])
{
	return stage_child(0, play_inside, (void *)argv);
}

static int
begin_empty(void)
{
	tour_step("An empty directory is a root, but nothing runs in it");
	if (mkdir("new", 0755) < 0)
		return fail("make directory new");
	int error = try_inside(busybox_list);
	if (error < 0)
		return -1;
	tour_show("execve says", "%s", strerror(error));
	tour_expect(error == ENOENT, "there is no /bin/ls in there");
	return 0;
}

/* ---- a program with a loader ------------------------------------------- */

static int
copy_file(const char *from, const char *to)
{
	auto_close int in = open(from, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (in < 0 || fstat(in, &st) < 0)
		return fail("open %s", from);
	if (look_put(to, "") < 0)
		return -1;
	auto_close int out = open(to, O_WRONLY | O_CLOEXEC);
	for (off_t left = st.st_size; out >= 0 && left > 0;) {
		ssize_t done = sendfile(out, in, NULL, left);
		if (done <= 0)
			return fail("copy %s", from);
		left -= done;
	}
	return out < 0 || fchmod(out, 0755) < 0 ? fail("make %s", to) : 0;
}

/* What is loaded here the same program takes there, under the same path. */
static int
copy_loaded(struct dl_phdr_info *loaded, size_t size, void *data)
{
	(void)size;
	(void)data;
	const char *path = loaded->dlpi_name;
	auto_free char *to = text("new%s", path);
	if (*path != '/' || access(to, F_OK) == 0)
		return 0;
	tour_show("copied", "%s", path);
	return copy_file(path, to);
}

static int
copy_loader(const char *loader)
{
	auto_free char *to = text("new%s", loader);
	tour_show("copied", "%s", loader);
	return copy_file(loader, to);
}

static int
bring_dynamic_program(void)
{
	tour_step("A program is there, and yet: \"No such file\"");
	tour_say("This very program is copied to /demo.");
	if (copy_file("/proc/self/exe", "new/demo") < 0)
		return -1;
	auto_close int self = open("new/demo", O_RDONLY | O_CLOEXEC);
	auto_free char *loader = busybox_loader(self);
	if (!loader || *loader == '\0') {
		tour_say("It needs no loader here: it was linked statically.");
		return 0;
	}
	int error = try_inside(just_list);
	if (error < 0)
		return -1;
	tour_show("execve says", "%s", strerror(error));
	tour_show("its loader (PT_INTERP)", "%s", loader);
	tour_expect(error == ENOENT && access("new/demo", X_OK) == 0,
		    "the file is there; what is missing is its loader");
	if (copy_loader(loader) < 0 || dl_iterate_phdr(copy_loaded, NULL) < 0)
		return -1;
	int status = run_inside(just_list);
	if (status < 0)
		return -1;
	tour_expect(status == 0, "with the loader and the libraries it runs");
	return 0;
}

/* A program for another machine is a file, too. */
static int
bring_foreign_program(void)
{
	static const char *const argv[] = { "/foreign", NULL };
	tour_step("The wrong architecture");
	if (copy_file("new/demo", "new/foreign") < 0)
		return -1;
	auto_close int fd = open("new/foreign", O_WRONLY | O_CLOEXEC);
	/* e_machine of the ELF header (elf(5)): 0, no machine at all. */
	static const char no_machine[2];
	if (fd < 0 || pwrite(fd, no_machine, 2, 18) != 2)
		return fail("change the machine of a program");
	close_scoped(&fd);
	fd = -1;
	int error = try_inside(argv);
	if (error < 0)
		return -1;
	tour_show("execve says", "%s", strerror(error));
	tour_expect(error == ENOEXEC, "a program for another processor: "
				      "Exec format error");
	return unlink("new/foreign") < 0 ? fail("remove it") : 0;
}

/* ---- what the programs expect ------------------------------------------ */

static int
bring_busybox(void)
{
	tour_step("One file that is all programs, and needs nothing");
	if (make_dirs("new/bin", 0755) < 0)
		return -1;
	auto_close int root = open("new", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail("open new");
	if (busybox_install(root) < 0)
		return -1;
	if (access("new/bin/busybox", X_OK) < 0) {
		tour_say("This machine has no busybox that stands alone (apt "
			 "install busybox-static).");
		return 0;
	}
	int status = run_inside(busybox_list);
	tour_expect(status == 0, "ls runs: a static busybox and a link to it");
	return status < 0 ? -1 : 0;
}

static const char *const whoami[] = { "/bin/sh", "-c",
				      "id -un 2>&1 | grep -x root", NULL };

static int
bring_names(void)
{
	if (access("new/bin/busybox", X_OK) < 0)
		return 0;
	tour_step("Names: /etc/passwd");
	int before = run_inside(whoami);
	if (look_put("new/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n") < 0)
		return -1;
	int after = run_inside(whoami);
	if (before < 0 || after < 0)
		return -1;
	tour_expect(before != 0 && after == 0,
		    "the kernel knows numbers; that 0 is called root is "
		    "written in a file");
	return 0;
}

static const char *const swallow[] = { "/bin/sh", "-c",
				       "echo swallowed > /dev/null", NULL };

static int
miss_dev(void)
{
	struct stat st;
	if (access("new/bin/busybox", X_OK) < 0)
		return 0;
	tour_step("Devices: without them /dev/null is a file that fills up");
	if (mkdir("new/dev", 0755) < 0)
		return fail("make directory new/dev");
	if (run_inside(swallow) < 0)
		return -1;
	if (stat("new/dev/null", &st) < 0)
		return fail("look at new/dev/null");
	tour_show("new/dev/null", "a plain file of %lld bytes",
		  (long long)st.st_size);
	tour_expect(S_ISREG(st.st_mode) && st.st_size > 0,
		    "nobody had made the device, so the shell made a file");
	if (unlink("new/dev/null") < 0)
		return fail("remove new/dev/null");
	return 0;
}

/* ---- the kernel's part ------------------------------------------------- */

static int
live_inside(void *data)
{
	(void)data;
	static const char *const ps[] = { "ps", NULL };
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0 || rootfs_mount_all(root, rootfs_plan_default) < 0 ||
	    rootfs_dev(root) < 0 || rootfs_pivot(root) < 0)
		return -1;
	auto_free char *names = look_names("/");
	tour_show("in /", "%s", names);
	setenv("PATH", "/bin", 1);
	char self[24] = "";
	bool can_see = readlink("/proc/self", self, sizeof(self) - 1) > 0;
	if (busybox_is_installed())
		tour_run(ps);
	tour_expect(can_see && strcmp(self, "1") == 0,
		    "/proc is there, and shows us as process 1");
	struct stat st;
	tour_expect(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode),
		    "/dev/null is a device now");
	return root_shell("Try: ls -l /dev; mount; echo hello > /tmp/file");
}

static int
mount_the_rest(void)
{
	tour_step("What is no file: /proc, /sys, /dev");
	tour_say("They come from the kernel, by mount(2); no image has them.  "
		 "In a pid namespace");
	tour_say("of its own, so that /proc shows nobody else; then pivot_root "
		 "(see `pivot`).");
	if (make_dirs("new/tmp", 0755) < 0 || make_dirs("new/root", 0755) < 0)
		return -1;
	return stage_child(NS_KINDS_HERE, live_inside, NULL) < 0 ? -1 : 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (refused)
		return refused;
	if (begin_empty() < 0 || bring_dynamic_program() < 0 ||
	    bring_foreign_program() < 0 || bring_busybox() < 0 ||
	    bring_names() < 0 || miss_dev() < 0)
		return -1;
	return mount_the_rest();
}

const struct experiment demo_rootfs = {
	.name = "rootfs",
	.shows = "a root file system from nothing, and what each part is for",
	.run = run,
	.has_shell = true,
};
