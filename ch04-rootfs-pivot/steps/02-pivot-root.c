/*
 * Another root directory, for good: pivot_root(2).
 *
 *	sudo ./02-pivot-root DIRECTORY PROGRAM [ARGUMENT...]
 *
 * As 01-chroot, but in a mount namespace of its own, from which the old root
 * is unmounted: afterwards there is nothing left to break out to.  DIRECTORY
 * needs an empty directory "old" and, to look around with, a "proc".
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
die(const char *what)
{
	fprintf(stderr, "02-pivot-root: %s: %s\n", what, strerror(errno));
	exit(1);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: %s DIRECTORY PROGRAM [ARGUMENT...]\n",
			argv[0]);
		return 2;
	}
	if (unshare(CLONE_NEWNS) < 0)
		die("unshare (are you root?)");
	/* Where systemd runs, every mount is shared.  pivot_root refuses that
	 * (EINVAL), for the change would spread to the host. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("make the mounts private");
	/* The new root must be a mount point; any directory becomes one by
	 * being bound onto itself. */
	if (mount(argv[1], argv[1], NULL, MS_BIND | MS_REC, NULL) < 0)
		die(argv[1]);
	if (chdir(argv[1]) < 0)
		die(argv[1]);
	if (syscall(SYS_pivot_root, ".", "old") < 0)
		die("pivot_root (is there a directory \"old\"?)");
	if (chdir("/") < 0)
		die("/");
	/* MNT_DETACH: the old root is in use, by every other process there
	 * is.  It disappears from this namespace only. */
	if (umount2("/old", MNT_DETACH) < 0)
		die("unmount /old");
	execv(argv[2], argv + 2);
	fprintf(stderr, "02-pivot-root: %s: %s (inside the new root)\n",
		argv[2], strerror(errno));
	return 127;
}
