/*
 * A file deleted without touching it: a whiteout, made by hand.
 *
 *	sudo ./02-whiteout-by-hand LAYER NAME
 *
 * makes LAYER/NAME the character device 0/0, which overlay reads as "there is
 * no NAME, whatever the layers below say".  Do it in an upper directory before
 * it is mounted (01-two-directories), and look: the file is gone.  Remove the
 * device with rm, mount again, and the file is back.  Without a NAME the whole
 * directory LAYER is made opaque: nothing below it shows through.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static void
die(const char *what)
{
	fprintf(stderr, "02-whiteout-by-hand: %s: %s\n", what,
		strerror(errno));
	exit(1);
}

int
main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: %s LAYER [NAME]\n", argv[0]);
		return 2;
	}
	if (chdir(argv[1]) < 0)
		die(argv[1]);

	if (argc == 2) {
		/* The kernel's own mark: rmdir and mkdir of a directory that
		 * has a lower half leave it in the upper one. */
		if (setxattr(".", "trusted.overlay.opaque", "y", 1, 0) < 0)
			die("trusted.overlay.opaque (are you root?)");
		printf("%s is opaque now\n", argv[1]);
		return 0;
	}

	/* No driver has the number 0/0: as a device it would be useless,
	 * which is what makes it free to mean something else. */
	if (mknod(argv[2], S_IFCHR, makedev(0, 0)) < 0)
		die(argv[2]);
	struct stat st;
	if (lstat(argv[2], &st) < 0)
		die(argv[2]);
	printf("%s/%s: device %u, %u\n", argv[1], argv[2], major(st.st_rdev),
	       minor(st.st_rdev));
	return 0;
}
