/*
 * volume_race.c - volumes whose targets are links, and are swapped while they
 * are mounted.  For test_roots.py, which builds it with chapter 4's modules.
 *
 *	volume_race PLACE SWAPS [naive]
 *
 * In PLACE, an empty directory: "root" is the container's, "outside" the
 * host's, "data" a volume.  A process swaps names in the root SWAPS times,
 * while this one mounts the volume there and makes directories and files.
 * After each, nothing may be mounted anywhere but below the root, and nothing
 * be made outside; what came of it is printed, and the exit status is 0.
 * "naive": the volume is mounted on the path, joined as text, to see that this
 * program notices.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mountinfo.h"
#include "ns.h"
#include "rootfs.h"
#include "safepath.h"
#include "sys.h"

#define EXCHANGE 2 /* RENAME_EXCHANGE */

/* Each is exchanged with its "-link", by turns, for ever. */
static const char *const swapped[] = { "last", "middle", "up", "file" };
static const char *const targets[] = { "/last", "/middle/below", "/up/new/dir",
				       "/last/../middle/below/../x" };

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "volume_race: %s: %s (%s)\n", what, strerror(errno),
		failure.text);
	exit(1);
}

static void
make_dir(const char *path)
{
	if (mkdir(path, 0755) < 0)
		give_up(path);
}

static void
make_place(const char *place)
{
	static const char *const directories[] = {
		"root", "outside", "data", "root/last", "root/middle",
		"root/middle/below", "root/up", "root/file", "outside/below",
		"outside/new",
	};
	if (chdir(place) < 0)
		give_up(place);
	for (size_t i = 0; i < countof(directories); i++)
		make_dir(directories[i]);
	auto_free char *outside = text("%s/outside", place);
	auto_free char *up =
		text("../../../../../../../../../../../..%s", outside);
	if (symlink(outside, "root/last-link") < 0 ||
	    symlink(outside, "root/middle-link") < 0 ||
	    symlink(up, "root/up-link") < 0 ||
	    symlink("../outside", "root/file-link") < 0)
		give_up("make links");
}

static pid_t
start_swapping(volatile unsigned long *swaps)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0;; i = (i + 1) % countof(swapped)) {
		auto_free char *one = text("root/%s", swapped[i]);
		auto_free char *two = text("root/%s-link", swapped[i]);
		if (syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two,
			    EXCHANGE) == 0)
			(*swaps)++;
	}
}

/* How many mounts are below the root, and are any elsewhere? */
static size_t
count_mounts(const char *root, size_t *elsewhere)
{
	auto_mounts struct mount_table table = { 0 };
	size_t inside = 0;
	if (mountinfo_read(0, &table) < 0)
		give_up("read the mount table");
	for (size_t i = 0; i < table.count; i++)
		inside += strncmp(table.mounts[i].target, root,
				  strlen(root)) == 0;
	*elsewhere = table.count - inside;
	return inside;
}

/* Inside only, and by mount point: never through a link. */
static void
unmount_inside(const char *root)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(0, &table) < 0)
		give_up("read the mount table");
	for (size_t i = table.count; i-- > 0;)
		if (strncmp(table.mounts[i].target, root, strlen(root)) == 0 &&
		    strcmp(table.mounts[i].target, root) != 0)
			umount2(table.mounts[i].target,
				MNT_DETACH | UMOUNT_NOFOLLOW);
}

static size_t
count_names(const char *path)
{
	auto_dir DIR *dir = opendir(path);
	size_t count = 0;
	while (dir && readdir(dir))
		count++;
	return count;
}

static void
must_be_untouched(void)
{
	/* "." and "..", and what make_place() has put there. */
	if (count_names("outside") != 4 || count_names("outside/below") != 2 ||
	    count_names("outside/new") != 2)
		give_up("something was made or mounted OUTSIDE");
}

static void
try_naively(unsigned long round)
{
	auto_free char *path = text("root%s", targets[round % 2]);
	mount("data", path, NULL, MS_BIND, NULL);
}

static void
try_each(int root, unsigned long round, unsigned long *made)
{
	const struct rootfs_mount volume = {
		.source = "data",
		.target = targets[round % countof(targets)],
		.flags = round & 4 ? MS_BIND | MS_RDONLY : MS_BIND,
	};
	*made += rootfs_mount(root, &volume) == 0;
	auto_close int dir = safepath_make_dir(root, "/file/a/b", 0755);
	auto_close int file = safepath_make_file(root, "/file/c", 0644);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	unsigned long swaps_wanted = strtoul(argv[2], NULL, 10);
	unsigned long rounds = 0, made = 0;
	volatile unsigned long *swaps =
		mmap(NULL, sizeof(*swaps), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ns_become_root() < 0 || ns_own_mounts() < 0)
		give_up("enter namespaces");
	make_place(argv[1]);
	if (mount("root", "root", NULL, MS_BIND, NULL) < 0)
		give_up("bind the root");
	auto_close int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free char *path = realpath("root", NULL);
	size_t elsewhere, before;
	count_mounts(path, &before);
	pid_t swapper = start_swapping(swaps);
	while (*swaps < swaps_wanted) {
		if (argc > 3)
			try_naively(rounds++);
		else
			try_each(root, rounds++, &made);
		count_mounts(path, &elsewhere);
		if (elsewhere != before)
			give_up("something is mounted OUTSIDE");
		must_be_untouched();
		unmount_inside(path);
	}
	kill(swapper, SIGKILL);
	waitpid(swapper, NULL, 0);
	printf("%lu swaps, %lu mounts, %lu refused, none outside\n", *swaps,
	       made, rounds - made);
	return made ? 0 : 1;
}
