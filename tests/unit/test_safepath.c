/* test_safepath.c - every trick with links, by openat2 and by hand. */
#include "safepath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox.h"
#include "tree.h"

/* ---- a place to work in ------------------------------------------------ */

static char top[64];
static int root, outside;

static void
put(int dir, const char *path, const char *content)
{
	auto_close int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC,
				   0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
}

static void
make_dir(int dir, const char *path)
{
	assert_int_equal(mkdirat(dir, path, 0755), 0);
}

static void
make_link(const char *path, const char *target)
{
	assert_int_equal(symlinkat(target, root, path), 0);
}

/* top/root is the container's, top/secret is the host's. */
static int
set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/mydocker-unit-safepath.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	outside = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_dir(outside, "root");
	put(outside, "secret", "outside");
	root = openat(outside, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close_scoped(&root);
	close_scoped(&outside);
	auto_close int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp, strrchr(top, '/') + 1);
}

/* Run `body` on both kinds of kernel, each in a child and a fresh place. */
static void
on_both(void (*body)(void))
{
	for (int old = 0; old < 2; old++) {
		assert_int_equal(set_up(NULL), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			if (old)
				become_old();
			int before = count_descriptors();
			body();
			must(count_descriptors() == before);
			_exit(0);
		}
		int status = end_of(pid);
		assert_int_equal(tear_down(NULL), 0);
		judge(status);
	}
}

static bool
says(const char *path, const char *content)
{
	char found[64] = "";
	auto_close int fd = safepath_open(root, path, O_RDONLY);
	return fd >= 0 && read(fd, found, sizeof(found) - 1) >= 0 &&
	       strcmp(found, content) == 0;
}

static bool
fails(const char *path, int flags, int code)
{
	auto_close int fd = safepath_open(root, path, flags);
	return fd < 0 && failure.code == code;
}

/* ---- opening ----------------------------------------------------------- */

static void
links_stay_inside(void)
{
	make_dir(root, "etc");
	put(root, "secret", "inside");
	put(root, "etc/name", "inside");
	make_link("absolute", "/secret");
	make_link("etc/up", "../../../../../secret");
	make_link("etc/top", "..");
	make_link("over", "etc/../../../secret");
	make_link("twice", "absolute");
	make_link("directory", "/etc");
	make_link("through-slash", "/etc/");
	must(says("/secret", "inside"));
	must(says("secret", "inside"));
	must(says("absolute", "inside"));
	must(says("/etc/up", "inside"));
	must(says("etc/top/secret", "inside"));
	must(says("etc/top/../../secret", "inside"));
	must(says("over", "inside"));
	must(says("twice", "inside"));
	must(says("directory/name", "inside"));
	must(says("through-slash/name", "inside"));
	must(says("../secret", "inside"));
	must(says("../../../../secret", "inside"));
	must(says("//etc//.//name", "inside"));
	/* The name of the real place means nothing inside. */
	auto_free char *real = text("%s/secret", top);
	make_link("real", real);
	must(fails(real, O_RDONLY, ENOENT));
	must(fails("real", O_RDONLY, ENOENT));
}

static void
bad_paths_fail_as_they_should(void)
{
	auto_free char *too_long = new_bytes(5001);
	memset(too_long, 'a', 5000);
	put(root, "file", "x");
	make_dir(root, "dir");
	make_link("to-file", "file");
	make_link("self", "self");
	make_link("loop1", "loop2");
	make_link("loop2", "loop1");
	make_link("through-file", "file/name");
	make_link("nowhere", "/not/there");
	must(fails("", O_PATH, ENOENT));
	must(fails("nothing", O_PATH, ENOENT));
	must(fails("nowhere", O_PATH, ENOENT));
	must(fails("self", O_PATH, ELOOP));
	must(fails("loop1", O_PATH, ELOOP));
	must(fails("loop1/x", O_PATH, ELOOP));
	must(fails("file/", O_PATH, ENOTDIR));
	must(fails("file/x", O_PATH, ENOTDIR));
	must(fails("file/..", O_PATH, ENOTDIR));
	must(fails("file/.", O_PATH, ENOTDIR));
	must(fails("through-file", O_PATH, ENOTDIR));
	must(fails("to-file/", O_PATH, ENOTDIR));
	must(fails("file", O_PATH | O_DIRECTORY, ENOTDIR));
	must(fails("to-file", O_RDONLY | O_NOFOLLOW, ELOOP));
	must(fails("dir", O_WRONLY, EISDIR));
	must(fails(too_long, O_PATH, ENAMETOOLONG));
	must(safepath_open(root, "new", O_WRONLY | O_CREAT) < 0);
	must(strstr(failure.text, "safepath_make_file"));
	must(faccessat(root, "new", F_OK, 0) < 0);
	must(safepath_open(root, ".", O_WRONLY | O_TMPFILE) < 0);
}

/* The kernel follows 40 links and not one more; so do we. */
static void
links_are_counted(void)
{
	put(root, "link0", "end");
	for (int i = 1; i <= 41; i++) {
		auto_free char *from = text("link%d", i);
		auto_free char *to = text("link%d", i - 1);
		make_link(from, to);
	}
	must(says("link40", "end"));
	must(fails("link41", O_RDONLY, ELOOP));
}

/* What /proc/PID/root and its like lead to is outside of any root. */
static void
magic_links_are_refused(void)
{
	auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	static const char *const magic[] = { "self/root", "self/cwd",
					     "self/exe", "self/fd/0",
					     "self/root/etc", "self/ns/mnt" };
	for (size_t i = 0; i < countof(magic); i++) {
		must(safepath_open(proc, magic[i], O_PATH) < 0);
		must(failure.code == ELOOP);
	}
	/* The others are links like any, and are followed. */
	static const char *const plain[] = { "self/status", "mounts",
					     "thread-self/status" };
	for (size_t i = 0; i < countof(plain); i++) {
		auto_close int fd = safepath_open(proc, plain[i], O_RDONLY);
		must(fd >= 0);
	}
	/* Not followed, a magic link is only a link. */
	auto_close int link =
		safepath_open(proc, "self/root", O_PATH | O_NOFOLLOW);
	must(link >= 0);
}

/* ---- making ------------------------------------------------------------ */

static bool
is_kind(const char *path, mode_t kind)
{
	struct stat st;
	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & S_IFMT) == kind;
}

/* Is what we got the object of that name inside the root? */
static bool
is_at(int fd, const char *path)
{
	struct stat got, there;
	return fd >= 0 && fstat(fd, &got) == 0 &&
	       fstatat(root, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       got.st_ino == there.st_ino && got.st_dev == there.st_dev;
}

static void
expect_dir(const char *path, const char *at)
{
	auto_close int fd = safepath_make_dir(root, path, 0755);
	must(is_at(fd, at) && is_kind(at, S_IFDIR));
	auto_close int again = safepath_make_dir(root, path, 0755);
	must(is_at(again, at));
}

static void
expect_file(const char *path, const char *at)
{
	auto_close int fd = safepath_make_file(root, path, 0644);
	must(is_at(fd, at) && is_kind(at, S_IFREG));
	auto_close int again = safepath_make_file(root, path, 0644);
	must(is_at(again, at));
}

static bool
nothing_is_made(int fd, int code)
{
	return fd < 0 && failure.code == code;
}

static void
what_is_made_is_inside(void)
{
	make_dir(root, "var");
	put(root, "file", "x");
	make_link("absolute", "/new/place");
	make_link("up", "../../../../climbed");
	make_link("var/run", "/run");
	make_link("loop", "loop");
	make_link("to-file", "/made/by/link");
	expect_dir("a/b/c", "a/b/c");
	expect_dir("/d//e/", "d/e");
	expect_dir("/", ".");
	expect_dir("../../above", "above");
	expect_dir("absolute/x", "new/place/x");
	expect_dir("up", "climbed");
	expect_dir("var/run/lock", "run/lock");
	expect_dir("missing/../beside", "beside");
	expect_file("f/g/h", "f/g/h");
	expect_file("/to-file", "made/by/link");
	expect_file("../top-file", "top-file");
	expect_file("file", "file");
	must(nothing_is_made(safepath_make_dir(root, "file/x", 0755),
			     ENOTDIR));
	must(nothing_is_made(safepath_make_dir(root, "file", 0755), ENOTDIR));
	must(nothing_is_made(safepath_make_dir(root, "loop/x", 0755), ELOOP));
	must(nothing_is_made(safepath_make_dir(root, "", 0755), ENOENT));
	must(nothing_is_made(safepath_make_file(root, "var", 0644), EISDIR));
	must(nothing_is_made(safepath_make_file(root, "new-file/", 0644),
			     EISDIR));
	must(nothing_is_made(safepath_make_file(root, "", 0644), ENOENT));

	/* Outside, nothing has appeared. */
	auto_dir DIR *dir = opendir(top);
	struct dirent *entry;
	int count = 0;
	while ((entry = readdir(dir)))
		count++;
	must(count == 4); /* ".", "..", "root", "secret" */
}

static void
test_open(void **state)
{
	(void)state;
	on_both(links_stay_inside);
	on_both(bad_paths_fail_as_they_should);
	on_both(links_are_counted);
	on_both(magic_links_are_refused);
}

static void
test_make(void **state)
{
	(void)state;
	on_both(what_is_made_is_inside);
}

/* ---- the walk by hand against the kernel ------------------------------- */

enum { PATHS = 8000, NODES = 60 };

static unsigned int seed;

static unsigned int
pick(unsigned int below)
{
	return rand_r(&seed) % below;
}

/* A few names only, so that most of what is asked for is there. */
static char *
random_path(unsigned int longest)
{
	static const char *const words[] = { "a", "b", "c", "d", "..", ".",
					     "a", "b", "" };
	char *path = copy_text(pick(4) ? "" : "/");
	for (unsigned int n = 1 + pick(longest); n > 0; n--) {
		char *longer = text("%s%s%s", path, words[pick(countof(words))],
				    n > 1 || !pick(6) ? "/" : "");
		free(path);
		path = longer;
	}
	return path;
}

/* The kernel's own way to it: what is made is never above the root, nor is what
 * a link of ours leads to. */
static int
open_parent(char *path, const char **name)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT };
	for (size_t end = strlen(path); end > 0 && path[end - 1] == '/';)
		path[--end] = '\0';
	char *slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	auto_free char *parent = text("./%.*s", (int)(*name - path), path);
	return syscall(SYS_openat2, root, parent, &how, sizeof(how));
}

/* Whatever fails, fails: the next try may not. */
static void
grow_tree(void)
{
	for (int i = 0; i < NODES; i++) {
		auto_free char *path = random_path(4);
		auto_free char *target = random_path(5);
		const char *name;
		auto_close int parent = open_parent(path, &name), fd = -1;
		switch (pick(4)) {
		case 0:
			fd = openat(parent, name,
				    O_RDONLY | O_CREAT | O_NOFOLLOW, 0644);
			break;
		case 1:
			(void)!symlinkat(target, parent, name);
			break;
		default:
			(void)!mkdirat(parent, name, 0755);
		}
	}
}

/* What a path led to: an object, or an errno. */
struct answer {
	int code;
	ino_t inode;
	mode_t mode;
};

static void
ask(struct answer *answers)
{
	static const int flags[] = {
		O_PATH, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY, O_RDONLY,
		O_RDONLY | O_NOFOLLOW, O_WRONLY,
		O_PATH | O_DIRECTORY | O_NOFOLLOW, O_RDONLY | O_DIRECTORY,
	};
	for (int i = 0; i < PATHS; i++) {
		struct stat st = { 0 };
		auto_free char *path = random_path(7);
		auto_close int fd = safepath_open(root, path,
						  flags[pick(countof(flags))]);
		must(fd < 0 || fstat(fd, &st) == 0);
		answers[i] = (struct answer){
			.code = fd < 0 ? failure.code : 0,
			.inode = st.st_ino,
			.mode = st.st_mode,
		};
	}
}

static void
compare_with_kernel(unsigned int start)
{
	auto_free struct answer *kernel = new_bytes(PATHS * sizeof(*kernel));
	auto_free struct answer *hand = new_bytes(PATHS * sizeof(*hand));
	int found = 0;
	seed = start;
	grow_tree();
	unsigned int paths_begin = seed;
	ask(kernel);
	become_old();
	seed = paths_begin;
	ask(hand);
	for (int i = 0; i < PATHS; i++) {
		found += kernel[i].code == 0;
		if (memcmp(&kernel[i], &hand[i], sizeof(*kernel)) == 0)
			continue;
		print_error("seed %u, path %d: the kernel says %d (inode "
			    "%lu), the walk %d (inode %lu)\n", start, i,
			    kernel[i].code, (unsigned long)kernel[i].inode,
			    hand[i].code, (unsigned long)hand[i].inode);
		_exit(1);
	}
	must(found > PATHS / 50); /* or the tree was no tree */
}

static void
same_as_openat2(void **state)
{
	(void)state;
	struct open_how how = { .flags = O_PATH };
	auto_close int fd =
		syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));
	if (fd < 0) {
		print_message("needs openat2 (Linux 5.6)\n");
		skip();
	}
	const char *fixed = getenv("SEED");
	unsigned int start = fixed ? (unsigned int)atoi(fixed) :
				     (unsigned int)time(NULL);
	print_message("SEED=%u\n", start);
	for (unsigned int round = 0; round < 5; round++) {
		assert_int_equal(set_up(NULL), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			compare_with_kernel(start + round);
			_exit(0);
		}
		int status = end_of(pid);
		assert_int_equal(tear_down(NULL), 0);
		judge(status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_make),
		cmocka_unit_test(same_as_openat2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
