/*
 * A file of a lower directory goes up, as before the first write to it.
 *
 *	sudo ./04-copy-up LOWER UPPER PATH
 *
 * copies LOWER/PATH with owner, mode, times and holes, and the directories on
 * the way.  It is made beside its place and renamed into it: all, or nothing.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* The owner first, since chown takes away set-user-ID bits; the times last. */
static int
make_alike(int dir, const char *path, const struct stat *st)
{
	struct timespec times[] = { st->st_atim, st->st_mtim };
	return fchownat(dir, path, st->st_uid, st->st_gid, 0) < 0 ||
	       fchmodat(dir, path, st->st_mode & 07777, 0) < 0 ?
		       -1 : utimensat(dir, path, times, 0);
}

static void
make_parents(int lower, int upper, char *path)
{
	for (char *slash = path; (slash = strchr(slash, '/')); *slash++ = '/') {
		struct stat st;
		*slash = '\0';
		if (mkdirat(upper, path, 0700) < 0 && errno == EEXIST)
			continue;
		if (fstatat(lower, path, &st, 0) < 0 ||
		    make_alike(upper, path, &st) < 0)
			err(1, "%s", path);
	}
}

/* From one piece of data to the next; what is between them is a hole. */
static int
copy_data(int from, int to, off_t size)
{
	off_t data = 0, hole;
	while ((data = lseek(from, data, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		lseek(to, data, SEEK_SET);
		while (data < hole)
			if (sendfile(to, from, &data, hole - data) <= 0)
				return -1;
	}
	return errno == ENXIO ? ftruncate(to, size) : -1;
}

int
main(int argc, char **argv)
{
	struct stat st;
	if (argc != 4)
		errx(2, "usage: 04-copy-up LOWER UPPER PATH");
	int lower = open(argv[1], O_PATH | O_DIRECTORY);
	int upper = open(argv[2], O_PATH | O_DIRECTORY);
	int from = openat(lower, argv[3], O_RDONLY | O_NOFOLLOW);
	if (fstat(from, &st) < 0)
		err(1, "%s", argv[3]);
	if (faccessat(upper, argv[3], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0; /* it is up already */
	make_parents(lower, upper, argv[3]);
	char beside[PATH_MAX];
	snprintf(beside, sizeof(beside), "%s.half", argv[3]);
	int to = openat(upper, beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (to < 0 || copy_data(from, to, st.st_size) < 0 ||
	    make_alike(upper, beside, &st) < 0 || fsync(to) < 0 ||
	    renameat(upper, beside, upper, argv[3]) < 0)
		err(1, "%s", beside);
	return 0;
}
