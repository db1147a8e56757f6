/* make_readonly.c PLACE PATH - a path of the root, made read-only by the
 * reader's code; then who may write where. */
#include "place.h"
#include "rootfs.h"

static int
can_write(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return -1;
	auto_free char *new = text("%s/new-file", path);
	const char *name = S_ISDIR(st.st_mode) ? new : path;
	int flags = S_ISDIR(st.st_mode) ? O_CREAT | O_EXCL : 0;
	auto_close int fd = open(name, O_WRONLY | O_CLOEXEC | flags, 0600);
	return fd >= 0;
}

/* root/dir with a mount below, a file, links to both, and one to the outside,
 * where the names are the same. */
static void
make_root(void)
{
	static const char *const dirs[] = { "root", "root/dir", "root/dir/sub",
					    "root/beside", "dir" };
	for (size_t i = 0; i < countof(dirs); i++)
		must(mkdir(dirs[i], 0755) == 0);
	put_file("root/file", "x");
	put_file("root/dir/plain", "x");
	must(mount("sub", "root/dir/sub", "tmpfs", 0, "size=64k") == 0);
	put_file("root/dir/sub/mark", "x");
	must(symlink("/dir", "root/link") == 0);
	must(symlink("../../dir", "root/up") == 0);
}

int
main(int argc, char **argv)
{
	must(argc == 3);
	enter_place(argv[1]);
	make_root();
	auto_close int outer = open_path(".");
	auto_close int root = bind_root();
	const char *const paths[] = { argv[2], NULL };
	forget_failure();
	int result = rootfs_readonly_paths(root, paths);
	struct result_words words = result_of(result);
	stop("made",
	     "pid=%d dir=%d sub=%d file=%d beside=%d root=%d outside=%d "
	     "plain=%d mark=%d %s",
	     getpid(), can_write("root/dir"), can_write("root/dir/sub"),
	     can_write("root/file"), can_write("root/beside"),
	     can_write("root"), can_write("dir"), can_write("root/dir/plain"),
	     access("root/dir/sub/mark", F_OK) == 0, words.text);
	return 0;
}
