/* refuse_link.c PLACE KIND - does the reader's code let a proc be mounted in an
 * image whose /proc is a directory, nothing, a link, a dangling one, or a file,
 * or is to be "below" a file? */
#include "place.h"
#include "rootfs.h"

static void
make_proc(const char *kind)
{
	must(mkdir("root", 0755) == 0 && mkdir("root/elsewhere", 0755) == 0);
	if (strcmp(kind, "directory") == 0)
		must(mkdir("root/proc", 0755) == 0);
	if (strcmp(kind, "link") == 0)
		must(symlink("elsewhere", "root/proc") == 0);
	if (strcmp(kind, "dangling") == 0)
		must(symlink("nowhere", "root/proc") == 0);
	if (strcmp(kind, "file") == 0)
		put_file("root/proc", "");
	if (strcmp(kind, "below") == 0)
		put_file("root/file", "");
}

int
main(int argc, char **argv)
{
	must(argc == 3);
	bool below = strcmp(argv[2], "below") == 0;
	enter_place(argv[1]);
	make_proc(argv[2]);
	auto_close int root = bind_root();
	const struct rootfs_mount proc = {
		.type = "proc",
		.target = below ? "/file/proc" : "/proc",
	};
	forget_failure();
	int result = rootfs_mount(root, &proc);
	struct stat st;
	/* Without a pid namespace of ours the kernel gives none: EPERM. */
	bool asked = failure.code == EPERM || result == 0;
	stop("asked", "pid=%d mounted=%d elsewhere=%d %s", getpid(), asked,
	     lstat("root/nowhere", &st) == 0, RESULT(result));
	return 0;
}
