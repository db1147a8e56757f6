/* cell.c - see cell.h. */
#include "cell.h"

#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE "/tmp"
#define WORDS "as it was"

static struct stat before;

static void
need(bool is_there, const char *what)
{
	if (is_there)
		return;
	printf("there can be no cell: %s: %s\n", what, strerror(errno));
	exit(77);
}

static bool
put(const char *path, const char *line)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, line, strlen(line)) > 0;
}

/* Root of a namespace in which there are no other users. */
static void
become_root(void)
{
	auto_free char *users = text("0 %u 1", geteuid());
	auto_free char *groups = text("0 %u 1", getegid());
	need(unshare(CLONE_NEWUSER) == 0, "unshare(CLONE_NEWUSER)");
	need(put("/proc/self/setgroups", "deny") &&
	     put("/proc/self/uid_map", users) &&
	     put("/proc/self/gid_map", groups), "write a map of users");
}

static void
enter(void)
{
	if (geteuid() != 0)
		become_root();
	need(unshare(CLONE_NEWNS) == 0, "unshare(CLONE_NEWNS)");
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
	     "make mounts private");
	need(mount("cell", PLACE, "tmpfs", 0, "mode=755,size=64m") == 0,
	     "mount a tmpfs");
	need(mkdir(PLACE "/proc", 0755) == 0 &&
	     mount("/proc", PLACE "/proc", NULL, MS_BIND | MS_REC, NULL) == 0,
	     "bind /proc");
	need(mkdir(PLACE "/outside", 0755) == 0 && chroot(PLACE) == 0,
	     "chroot");
	int fd = open("/outside/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	need(fd >= 0 && write(fd, WORDS, strlen(WORDS)) > 0, "write a file");
	need(fstat(fd, &before) == 0, "look at a file");
	close(fd);
}

/* How many entries, of which "." and ".." are two. */
static size_t
count(const char *path)
{
	size_t found = 0;
	auto_dir DIR *dir = opendir(path);
	hold(dir);
	while (readdir(dir))
		found++;
	return found;
}

int
cell_begin(void)
{
	static bool is_inside;
	if (!is_inside)
		enter();
	is_inside = true;
	umask(022);
	hold(mkdir("/cell", 0755) == 0);
	int root = open("/cell", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(root >= 0);
	return root;
}

void
cell_end(int root)
{
	struct stat now;
	close(root);
	hold(count("/") == 2 + 3);
	hold(count("/outside") == 2 + 1);
	hold(lstat("/outside/file", &now) == 0);
	hold(now.st_ino == before.st_ino && now.st_size == before.st_size &&
	     now.st_mode == before.st_mode && now.st_nlink == 1 &&
	     now.st_uid == before.st_uid && now.st_gid == before.st_gid &&
	     now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
	     now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
	auto_close int top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(top >= 0 && tree_remove(top, "cell") == 0);
}
