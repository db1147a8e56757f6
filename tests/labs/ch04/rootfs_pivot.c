/* rootfs_pivot.c PLACE MODE - a root entered by the reader's code.  "plain":
 * from the place itself; "shared": what is mounted in the old root is shared
 * with another namespace, ours, where we look afterwards; "readonly": the new
 * root takes no new directory; "refused": it is no mount point. */
#include "place.h"
#include "rootfs.h"

static bool
is_same(const char *path, const struct stat *st)
{
	struct stat now;
	return stat(path, &now) == 0 && now.st_dev == st->st_dev &&
	       now.st_ino == st->st_ino;
}

static void
make_roots(void)
{
	must(mkdir("root", 0755) == 0 && mkdir("root/proc", 0755) == 0 &&
	     mkdir("outer", 0755) == 0);
	put_file("root/inside", "x");
	must(mount("/proc", "root/proc", NULL, MS_BIND | MS_REC, NULL) == 0);
	must(mount("outer", "outer", "tmpfs", 0, "size=64k") == 0);
	must(mkdir("outer/below", 0755) == 0);
	must(mount("below", "outer/below", "tmpfs", 0, "size=64k") == 0);
	put_file("outer/below/file", "x");
}

/* As the container's first process; the socket is our parent's. */
static void
pivot_in_child(int report, bool readonly)
{
	struct stat new;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(unshare(CLONE_NEWNS) == 0);
	auto_close int root = bind_root();
	if (readonly)
		must(mount(NULL, "root", NULL,
			   MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
	must(fstat(root, &new) == 0);
	forget_failure();
	int result = rootfs_pivot(root);
	struct result_words words = result_of(result);
	struct result_words all;
	bool is_root = is_same("/", &new), is_cwd = is_same(".", &new);
	bool is_above = is_same("/../..", &new);
	/* Who enters a namespace, be it his own, begins at its root. */
	auto_close int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	must(own >= 0 && setns(own, CLONE_NEWNS) == 0);
	close_scoped(&own);
	own = -1;
	snprintf(all.text, sizeof(all.text),
		 "root=%d cwd=%d above=%d namespace=%d %.200s", is_root, is_cwd,
		 is_above, is_same("/", &new), words.text);
	must(write(report, &all, sizeof(all)) == sizeof(all));
	for (;;)
		pause();
}

static void
refuse(void)
{
	struct stat slash, here;
	auto_close int root = open_path("root");
	must(stat("/", &slash) == 0 && stat(".", &here) == 0);
	forget_failure();
	int result = rootfs_pivot(root);
	stop("refused", "pid=%d root=%d cwd=%d %s", getpid(),
	     is_same("/", &slash), is_same(".", &here), RESULT(result));
}

int
main(int argc, char **argv)
{
	int report[2];
	must(argc == 3);
	enter_place(argv[1]);
	make_roots();
	if (strcmp(argv[2], "refused") == 0) {
		refuse();
		return 0;
	}
	if (strcmp(argv[2], "shared") == 0)
		must(mount(NULL, "outer", NULL, MS_SHARED, NULL) == 0);
	must(pipe2(report, O_CLOEXEC) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		must(null >= 0 && dup2(null, 0) == 0 && close(null) == 0);
		pivot_in_child(report[1], strcmp(argv[2], "readonly") == 0);
	}
	close(report[1]);
	struct result_words words;
	if (read(report[0], &words, sizeof(words)) != sizeof(words))
		words = (struct result_words){ "result=-1 text=it died" };
	stop("pivoted", "pid=%d child=%d shared=%d %s", getpid(), pid,
	     access("outer/below/file", F_OK) == 0, words.text);
	dismiss(pid);
	return 0;
}
