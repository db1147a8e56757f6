/*
 * A FUSE file system, a hundred lines of code: two directories as one, to read.
 *
 *	sudo ./03-union-by-fuse TOP BOTTOM TARGET	until: umount TARGET
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int dirs[2]; /* TOP and BOTTOM */
static struct fuse_attr found; /* by find() */

/* Returns which of the two has it, or -1: what TOP has hides BOTTOM's. */
static int
find(const char *path)
{
	struct stat st;
	int i = 0;
	while (fstatat(dirs[i], path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		if (++i == 2)
			return -1;
	found = (struct fuse_attr){
		.ino = st.st_ino, .mode = st.st_mode, .size = st.st_size,
		.uid = st.st_uid, .gid = st.st_gid, .nlink = st.st_nlink,
		.mtime = st.st_mtime, .mtimensec = st.st_mtim.tv_nsec };
	return dirs[i];
}

/* Lists each name once, after the first `had`, as far as there is room. */
static ssize_t
list(const char *path, uint64_t had, size_t room, char *out)
{
	size_t n = 0, used = 0;
	for (int i = 0; i < 2; i++) {
		DIR *dir = fdopendir(openat(dirs[i], path, O_DIRECTORY));
		for (struct dirent *e; dir && (e = readdir(dir));) {
			struct fuse_dirent *to = (void *)(out + used);
			char name[PATH_MAX];
			snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
			if (find(name) != dirs[i] || n++ < had || used > room)
				continue;
			to->ino = found.ino;
			to->off = n;
			to->namelen = sprintf(to->name, "%s", e->d_name);
			used += FUSE_DIRENT_SIZE(to);
		}
		closedir(dir);
	}
	return used < room ? used : room; /* of half a name it takes none */
}

#define ANSWER(type, ...) \
	(*(struct type *)out = (struct type){ __VA_ARGS__ }, \
	 (ssize_t)sizeof(struct type))

/* Returns how long the ANSWER is, or an errno value, negative. */
static ssize_t
handle(const struct fuse_in_header *in, struct fuse_read_in *arg, void *out)
{
	char *path = in->nodeid == 1 ? "." : (char *)in->nodeid;
	ssize_t fd, size;
	switch (in->opcode) {
	case FUSE_INIT: /* the kernel shall ask whether a file has changed */
		return ANSWER(fuse_init_out, FUSE_KERNEL_VERSION, 31,
			      .flags = FUSE_AUTO_INVAL_DATA);
	case FUSE_LOOKUP: /* its number for what is found is our path */
		if (asprintf(&path, "%s/%s", path, (char *)arg) < 0 ||
		    find(path) < 0)
			return -ENOENT;
		return ANSWER(fuse_entry_out, .nodeid = (uintptr_t)path,
			      .entry_valid = 3600, .attr = found);
	case FUSE_GETATTR:
		if (find(path) < 0)
			return -ENOENT;
		return ANSWER(fuse_attr_out, .attr = found);
	case FUSE_READ:
		fd = openat(find(path), path, O_RDONLY);
		size = pread(fd, out, arg->size, arg->offset);
		close(fd);
		return size < 0 ? -EIO : size;
	case FUSE_READDIR:
		return list(path, arg->offset, arg->size, out);
	}
	return -ENOSYS; /* the kernel does without, and does not ask again */
}

int
main(int argc, char **argv)
{
	static struct fuse_in_header in[205]; /* 8 kB, the least it takes */
	static struct fuse_out_header out[33 << 12]; /* 32 pages and a name */
	if (argc != 4)
		errx(2, "usage: 03-union-by-fuse TOP BOTTOM TARGET");
	dirs[0] = open(argv[1], O_PATH | O_DIRECTORY);
	dirs[1] = open(argv[2], O_PATH | O_DIRECTORY);
	if (dirs[0] < 0 || dirs[1] < 0 || !freopen("/dev/fuse", "r+", stdin) ||
	    mount("none", argv[3], "fuse.union", MS_RDONLY,
		  "fd=0,rootmode=40000,user_id=0,group_id=0") < 0 ||
	    daemon(1, 1) < 0)
		err(1, "%s and %s on %s", argv[1], argv[2], argv[3]);
	while (read(0, in, sizeof(in)) > 0) {
		ssize_t size = handle(in, (void *)(in + 1), out + 1);
		out->unique = in->unique;
		out->error = size < 0 ? size : 0;
		out->len = sizeof(*out) + (size < 0 ? 0 : size);
		(void)!write(0, out, out->len);
	}
}
