/*
 * A /dev of one's own: a tmpfs, six devices, five links, terminals, memory.
 *
 *	sudo unshare --mount ./03-dev DIRECTORY && ls -l DIRECTORY
 *
 * As root; in a user namespace mknod says EPERM, and each device has to be
 * bound from the host's.  DIRECTORY is what will be /dev in the new root.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct {
	const char *name;
	int major, minor;
} nodes[] = { { "null", 1, 3 },	  { "zero", 1, 5 },    { "full", 1, 7 },
	      { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 } };
static const char *const links[][2] = {
	{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
	{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
	{ "pts/ptmx", "ptmx" }
};

static int
make_dev(const char *directory)
{
	int bad = mount("dev", directory, "tmpfs", MS_NOSUID, "mode=755") ||
		  chdir(directory);
	umask(0);
	for (int i = 0; i < 6 && !bad; i++)
		bad = mknod(nodes[i].name, S_IFCHR | 0666,
			    makedev(nodes[i].major, nodes[i].minor));
	for (int i = 0; i < 5 && !bad; i++)
		bad = symlink(links[i][0], links[i][1]);
	bad = bad || mkdir("pts", 0755) || mkdir("shm", 01777) ||
	      mount("pts", "pts", "devpts", MS_NOSUID | MS_NOEXEC,
		    "newinstance,ptmxmode=0666,mode=0620") ||
	      mount("shm", "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	return bad;
}

int
main(int argc, char **argv)
{
	if (argc != 2 || make_dev(argv[1])) {
		perror(argc == 2 ? argv[1] : "usage: 03-dev DIRECTORY");
		return 1;
	}
	return 0;
}
