/*
 * Two directories as one, by a program: a small FUSE file system.
 *
 *	sudo ./03-union-by-fuse TOP BOTTOM TARGET
 *	sudo umount TARGET
 *
 * TARGET shows what is in TOP and in BOTTOM, to be read; of two with one name
 * it shows TOP's.  The program goes on in the background until the umount.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM (128 * 1024) /* the most that is read at a time */
#define NODES 10000

static int branches[2];
/* What the kernel calls node N is a path below both; node 1 is the top. */
static char *paths[NODES] = { NULL, "." };
static uint64_t count = 2;

static struct {
	struct fuse_out_header head;
	union {
		struct fuse_init_out init;
		struct fuse_entry_out entry;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		char data[ROOM + PATH_MAX];
	};
} answer;

/* Which of the two has it: 0, 1, or -1.  The first one hides the other's. */
static int
find(const char *path, struct fuse_attr *attr)
{
	struct stat st;
	int i = 0;
	while (fstatat(branches[i], path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		if (++i == 2)
			return -1;
	*attr = (struct fuse_attr){
		.ino = st.st_ino, .mode = st.st_mode, .nlink = st.st_nlink,
		.uid = st.st_uid, .gid = st.st_gid, .size = st.st_size,
		.blocks = st.st_blocks, .mtime = st.st_mtime,
	};
	return i;
}

/* The kernel remembers the answer for an hour: one node for each name. */
static ssize_t
look_up(const char *parent, const char *name)
{
	if (count == NODES ||
	    asprintf(&paths[count], "%s/%s", parent, name) < 0)
		return -ENFILE;
	if (find(paths[count], &answer.entry.attr) < 0) {
		free(paths[count]);
		return -ENOENT;
	}
	answer.entry.nodeid = count++;
	answer.entry.entry_valid = 3600;
	return sizeof(answer.entry);
}

static ssize_t
read_file(const char *path, const struct fuse_read_in *in)
{
	struct fuse_attr attr;
	int i = find(path, &attr);
	int fd = i < 0 ? -1 : openat(branches[i], path, O_RDONLY);
	ssize_t got = pread(fd, answer.data, in->size, in->offset);
	if (fd >= 0)
		close(fd);
	return got < 0 ? -EIO : got;
}

/* TOP's names, then those of BOTTOM that TOP has not: from the one that
 * `offset` says, and as many as there is room for. */
static ssize_t
list(const char *path, const struct fuse_read_in *in)
{
	size_t used = 0, place = 0;
	for (int i = 0; i < 2; i++) {
		DIR *dir = fdopendir(openat(branches[i], path, O_RDONLY));
		for (struct dirent *e; dir && (e = readdir(dir));) {
			struct fuse_attr attr;
			char name[PATH_MAX];
			snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
			if (find(name, &attr) != i || place++ < in->offset)
				continue;
			struct fuse_dirent *to = (void *)(answer.data + used);
			*to = (struct fuse_dirent){ e->d_ino, place,
						    strlen(e->d_name),
						    e->d_type };
			if (used + FUSE_DIRENT_SIZE(to) > in->size)
				break;
			memcpy(to->name, e->d_name, to->namelen);
			used += FUSE_DIRENT_SIZE(to);
		}
		if (dir)
			closedir(dir);
	}
	return used;
}

/* How many bytes the answer has, or an errno value, negative. */
static ssize_t
handle(const struct fuse_in_header *in, const void *arg)
{
	const char *path = paths[in->nodeid];
	switch (in->opcode) {
	case FUSE_INIT:
		answer.init.major = FUSE_KERNEL_VERSION;
		answer.init.minor = 31;
		return sizeof(answer.init);
	case FUSE_LOOKUP:
		return look_up(path, arg);
	case FUSE_GETATTR:
		return find(path, &answer.attr.attr) < 0 ?
			       -ENOENT : (ssize_t)sizeof(answer.attr);
	case FUSE_OPEN: /* nothing to remember: each read opens it anew */
	case FUSE_OPENDIR:
		return sizeof(answer.open);
	case FUSE_READ:
		return read_file(path, arg);
	case FUSE_READDIR:
		return list(path, arg);
	default: /* the kernel does without, and does not ask again */
		return -ENOSYS;
	}
}

int
main(int argc, char **argv)
{
	static char question[ROOM];
	const struct fuse_in_header *in = (void *)question;
	char options[100];
	if (argc != 4)
		errx(2, "usage: 03-union-by-fuse TOP BOTTOM TARGET");
	for (int i = 0; i < 2; i++)
		if ((branches[i] = open(argv[1 + i], O_PATH | O_DIRECTORY)) < 0)
			err(1, "%s", argv[1 + i]);
	int device = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (mount("none", argv[3], "fuse.union", MS_RDONLY, options) < 0)
		err(1, "mount %s", argv[3]);
	if (daemon(1, 0) < 0)
		err(1, "daemon");
	while (read(device, question, sizeof(question)) > 0) {
		if (in->opcode == FUSE_FORGET ||
		    in->opcode == FUSE_BATCH_FORGET)
			continue; /* these two want no answer */
		memset(&answer, 0, sizeof(answer.head) + sizeof(answer.entry));
		ssize_t size = handle(in, in + 1);
		answer.head.unique = in->unique;
		answer.head.error = size < 0 ? size : 0;
		answer.head.len = sizeof(answer.head) + (size > 0 ? size : 0);
		(void)!write(device, &answer, answer.head.len);
	}
	return 0; /* unmounted */
}
