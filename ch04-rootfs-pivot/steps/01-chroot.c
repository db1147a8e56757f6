/*
 * Another root directory, the old way: chroot(2).
 *
 *	sudo ./01-chroot DIRECTORY PROGRAM [ARGUMENT...]
 *
 * DIRECTORY must hold PROGRAM and whatever it needs; a static busybox will do.
 */
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: 01-chroot DIRECTORY PROGRAM...\n", stderr);
		return 2;
	}
	/* Without the chdir the working directory stays outside, and ".."
	 * leads on from there: the oldest way out of a chroot. */
	if (chroot(argv[1]) < 0 || chdir("/") < 0) {
		perror(argv[1]);
		return 1;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]); /* inside the new root */
	return 127;
}
