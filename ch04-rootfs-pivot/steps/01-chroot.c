/*
 * Another root directory, the old way: chroot(2).
 *
 *	sudo ./01-chroot DIRECTORY PROGRAM [ARGUMENT...]
 *
 * DIRECTORY must hold PROGRAM and whatever it needs; a static busybox in
 * DIRECTORY/bin will do.  Then look at what has not changed: the mount table
 * (mount -t proc proc /proc; cat /proc/self/mountinfo), the processes, and
 * the old root, which a root process inside can still reach.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: %s DIRECTORY PROGRAM [ARGUMENT...]\n",
			argv[0]);
		return 2;
	}
	/* Without the chdir the working directory stays outside, and ".."
	 * leads on from there: the oldest way out of a chroot. */
	if (chroot(argv[1]) < 0 || chdir("/") < 0) {
		fprintf(stderr, "01-chroot: %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	execv(argv[2], argv + 2);
	fprintf(stderr, "01-chroot: %s: %s (inside the new root)\n", argv[2],
		strerror(errno));
	return 127;
}
