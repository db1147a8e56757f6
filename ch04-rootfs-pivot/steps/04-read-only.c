/*
 * A bind mount that is really read-only: it takes two steps.
 *
 *	sudo unshare --mount ./04-read-only SOURCE TARGET [PROGRAM...]
 *
 * mount(2) looks at no flag but MS_REC when it makes a bind mount, and says
 * nothing.  Between the two steps the mount can be written: whoever must not
 * do that may begin only afterwards.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int
report(const char *step, const char *target)
{
	struct statvfs fs;
	if (statvfs(target, &fs) < 0)
		return -1;
	printf("%-34s %s\n", step, fs.f_flag & ST_RDONLY ? "ro" : "rw");
	return fflush(stdout);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: 04-read-only SOURCE TARGET [PROGRAM...]\n",
		      stderr);
		return 2;
	}
	if (mount(argv[1], argv[2], NULL, MS_BIND | MS_RDONLY, NULL) < 0 ||
	    report("MS_BIND|MS_RDONLY:", argv[2]) < 0 ||
	    mount(NULL, argv[2], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
		  NULL) < 0 ||
	    report("MS_REMOUNT|MS_BIND|MS_RDONLY:", argv[2]) < 0) {
		perror(argv[2]);
		return 1;
	}
	if (argc > 3) {
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		return 127;
	}
	return 0;
}
