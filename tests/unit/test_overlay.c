/* test_overlay.c - overlays by both mount APIs, looked at from behind. */
#include "overlay.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "marks.h"
#include "mountinfo.h"
#include "sandbox.h"

static void
put(const char *path, const char *content)
{
	auto_close int fd = open(path,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0644);
	must(fd >= 0);
	must(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
}

static bool
says(const char *path, const char *content)
{
	char found[64];
	return read_text(AT_FDCWD, path, found, sizeof(found)) >= 0 &&
	       strcmp(found, content) == 0;
}

static bool
exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static size_t
count_mounts(void)
{
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	return table.count;
}

static void
make_frame(void)
{
	must(mkdir("lower", 0755) == 0 && mkdir("upper", 0755) == 0 &&
	     mkdir("work", 0755) == 0 && mkdir("mnt", 0755) == 0);
}

static const char *const one_layer[] = { "lower" };
static const struct overlay frame = {
	.layers = one_layer,
	.layer_count = 1,
	.upper = "upper",
	.work = "work",
};

/* An overlay where it is the machine, not this code, that has none. */
static void
mount_or_skip(const struct overlay *overlay)
{
	if (overlay_mount(overlay, "mnt", 0) == 0)
		return;
	print_message("%s\n", failure.text);
	_exit(failure.code == ENODEV || failure.code == EPERM ? CANNOT : 1);
}

/* ---- names with signs that mean something ------------------------------ */

static char *
joined(const char *here, const char *name)
{
	return text("%s/%s", here, name);
}

static void
any_name_will_do(void)
{
	static const char *const names[] = {
		"co:lon", "com,ma", "back\\slash", "two  blanks", "\\:,",
		"new\nline", "trailing\\", "=equals", "lowerdir+=x",
	};
	auto_free char *here = realpath(".", NULL);
	const char *layers[countof(names)];
	must(mkdir("mnt", 0755) == 0);
	for (size_t i = 0; i < countof(names); i++) {
		layers[i] = joined(here, names[i]);
		auto_free char *file = text("%s/%zu", names[i], i);
		must(mkdir(names[i], 0755) == 0);
		put(file, names[i]);
	}
	must(mkdir("up:p,e\\r", 0755) == 0 && mkdir("w:o,r\\k", 0755) == 0);
	auto_free char *upper = joined(here, "up:p,e\\r");
	auto_free char *work = joined(here, "w:o,r\\k");
	struct overlay overlay = { .layers = layers,
				   .layer_count = countof(layers),
				   .upper = upper,
				   .work = work };
	mount_or_skip(&overlay);
	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *file = text("mnt/%zu", i);
		must(says(file, names[i]));
	}
	put("mnt/0", "changed");
	must(says("up:p,e\\r/0", "changed"));
	must(says("co:lon/0", "co:lon"));

	/* Read back from the mount table, they are what they were. */
	auto_mounts struct mount_table table = { 0 };
	auto_layers struct overlay_layers found = { 0 };
	auto_free char *target = joined(here, "mnt");
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *mount = mountinfo_find(&table, target);
	must(mount && overlay_read_layers(0, mount->id, &found) == 0);
	must(found.count == countof(names));
	for (size_t i = 0; i < countof(names); i++) {
		must(strcmp(found.names[i], layers[i]) == 0);
		free((char *)layers[i]);
	}
	must(strcmp(found.upper, upper) == 0);
	must(strcmp(found.work, work) == 0);
	must(overlay_unmount("mnt") == 0);
}

/* Longer than fsconfig(2) takes a string, 256 bytes. */
static void
long_names_will_do(void)
{
	auto_free char *name = new_bytes(201);
	memset(name, 'n', 200);
	auto_free char *deep = text("%s/%s/%s", name, name, name);
	auto_free char *lower = text("%s/lower", deep);
	auto_free char *upper = text("%s/upper", deep);
	auto_free char *work = text("%s/work", deep);
	const char *layers[] = { "short", lower };
	struct overlay overlay = { .layers = layers,
				   .layer_count = countof(layers),
				   .upper = upper,
				   .work = work };
	must(mkdir("short", 0755) == 0);
	must(make_dirs(lower, 0755) == 0 && make_dirs(upper, 0755) == 0 &&
	     make_dirs(work, 0755) == 0 && mkdir("mnt", 0755) == 0);
	auto_free char *file = text("%s/file", lower);
	put(file, "below");
	int before = count_descriptors();
	mount_or_skip(&overlay);
	must(count_descriptors() == before);
	must(says("mnt/file", "below"));
	must(overlay_unmount("mnt") == 0);
}

static void
test_names(void **state)
{
	(void)state;
	in_sandbox(any_name_will_do, ALL_CALLS);
	in_sandbox(any_name_will_do, OLD_KERNEL);
	in_sandbox(long_names_will_do, ALL_CALLS);
	in_sandbox(long_names_will_do, OLD_KERNEL);
}

/* ---- many layers ------------------------------------------------------- */

enum { MANY = 500, PAGE = 4096 };

/* As options of mount(2) they would fill seven pages. */
static void
many_layers_fit(void)
{
	static char *layers[MANY + 1];
	size_t length = 0;
	make_frame();
	for (int i = 0; i <= MANY; i++) {
		layers[i] = text("/tmp/a-layer-with-a-name-as-long-as-a-digest-"
				 "would-be-%05d", i);
		length += strlen(layers[i]) + 1;
		must(mkdir(layers[i], 0755) == 0);
		auto_free char *own = text("%s/%d", layers[i], i);
		auto_free char *common = text("%s/common", layers[i]);
		auto_free char *number = text("%d", i);
		put(own, "here");
		put(common, number);
	}
	must(length > 5 * PAGE);
	struct overlay overlay = frame;
	overlay.layers = (const char *const *)layers;
	overlay.layer_count = MANY;
	auto_free char *here = realpath(".", NULL);
	int before = count_descriptors();
	mount_or_skip(&overlay);
	must(count_descriptors() == before);
	auto_free char *still_here = realpath(".", NULL);
	must(strcmp(here, still_here) == 0);
	must(says("mnt/common", "0"));
	for (int i = 0; i < MANY; i++) {
		auto_free char *own = text("mnt/%d", i);
		must(exists(own));
	}
	put("mnt/499", "changed");
	must(says("upper/499", "changed"));
	must(overlay_unmount("mnt") == 0);

	/* One more is refused, in words, and nothing is mounted. */
	size_t mounts = count_mounts();
	overlay.layer_count = MANY + 1;
	must(overlay_mount(&overlay, "mnt", 0) < 0);
	must(strstr(failure.text, "500"));
	must(count_mounts() == mounts);
}

static void
test_many_layers(void **state)
{
	(void)state;
	in_sandbox(many_layers_fit, ALL_CALLS);
	in_sandbox(many_layers_fit, OLD_KERNEL);
}

/* ---- deletions --------------------------------------------------------- */

static void
deletions_are_written_and_read(void)
{
	make_frame();
	put("lower/file", "x");
	put("lower/kept", "x");
	put("lower/hidden", "x");
	must(mkdir("lower/dir", 0755) == 0);
	must(mkdir("lower/covered", 0755) == 0);
	put("lower/dir/below", "x");
	put("lower/covered/below", "x");
	auto_close int upper = open("upper", O_RDONLY | O_DIRECTORY);

	/* Ours, as the kernel reads them. */
	must(overlay_make_whiteout(upper, "hidden") == 0);
	must(overlay_make_whiteout(upper, "hidden") < 0 &&
	     failure.code == EEXIST);
	must(mkdir("upper/covered", 0755) == 0);
	auto_close int covered = openat(upper, "covered", O_RDONLY);
	must(marks_is_opaque(covered, marks_of_overlay()) == 0);
	if (marks_make_opaque(covered, marks_of_overlay()) < 0) {
		must(failure.code == EOPNOTSUPP);
		print_message("%s\n", failure.text);
		_exit(CANNOT);
	}
	must(marks_is_opaque(covered, marks_of_overlay()) == 1);
	mount_or_skip(&frame);
	must(!exists("mnt/hidden") && exists("mnt/kept"));
	must(exists("mnt/covered") && !exists("mnt/covered/below"));

	/* The kernel's, as we read them. */
	must(unlink("mnt/file") == 0);
	must(overlay_is_whiteout(upper, "file") == 1);
	must(unlink("mnt/dir/below") == 0 && rmdir("mnt/dir") == 0);
	must(overlay_is_whiteout(upper, "dir") == 1);
	must(mkdir("mnt/dir", 0755) == 0 && !exists("mnt/dir/below"));
	must(overlay_is_whiteout(upper, "dir") == 0);
	auto_close int dir = openat(upper, "dir", O_RDONLY | O_DIRECTORY);
	must(marks_is_opaque(dir, marks_of_overlay()) == 1);
	must(marks_is_opaque(upper, marks_of_overlay()) == 0);
	must(overlay_is_whiteout(upper, "nothing") < 0 &&
	     failure.code == ENOENT);
	must(exists("lower/file") && exists("lower/dir/below"));
	static const char *const no_names[] = { "", ".", "..", "a/b", "/" };
	for (size_t i = 0; i < countof(no_names); i++)
		must(overlay_make_whiteout(upper, no_names[i]) < 0);
}

/* Any other device is none. */
static void
devices_are_no_whiteouts(void)
{
	auto_close int here = open(".", O_RDONLY | O_DIRECTORY);
	must(mknod("null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	must(mknod("block", S_IFBLK | 0666, makedev(0, 0)) == 0);
	put("file", "");
	must(overlay_is_whiteout(here, "null") == 0);
	must(overlay_is_whiteout(here, "block") == 0);
	must(overlay_is_whiteout(here, "file") == 0);
}

static void
test_deletions(void **state)
{
	(void)state;
	in_sandbox(deletions_are_written_and_read, ALL_CALLS);
	in_sandbox(deletions_are_written_and_read, OLD_KERNEL);
}

static void
test_deletions_as_root(void **state)
{
	(void)state;
	in_root_sandbox(deletions_are_written_and_read, ALL_CALLS);
	in_root_sandbox(deletions_are_written_and_read, OLD_KERNEL);
	in_root_sandbox(devices_are_no_whiteouts, ALL_CALLS);
}

/* ---- read-only --------------------------------------------------------- */

static void
a_single_layer_is_read_only(void)
{
	struct overlay overlay = { .layers = one_layer, .layer_count = 1 };
	make_frame();
	put("lower/file", "x");
	auto_close int lower = open("lower", O_RDONLY | O_DIRECTORY);
	must(overlay_make_whiteout(lower, "deleted") == 0);

	put("mnt/in-the-way", "x");
	size_t mounts = count_mounts();
	must(overlay_mount(&overlay, "mnt", 0) < 0);
	must(strstr(failure.text, "in-the-way"));
	must(count_mounts() == mounts);
	must(unlink("mnt/in-the-way") == 0);

	mount_or_skip(&overlay);
	must(says("mnt/file", "x"));
	must(!exists("mnt/deleted")); /* a bind mount would show it */
	must(open("mnt/file", O_WRONLY) < 0 && errno == EROFS);
	must(mkdir("mnt/new", 0755) < 0 && errno == EROFS);
	must(overlay_unmount("mnt") == 0);
	must(count_mounts() == mounts);
}

static void
flags_are_kept(void)
{
	make_frame();
	put("lower/file", "x");
	must(overlay_mount(&frame, "mnt",
			   MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC) == 0);
	auto_mounts struct mount_table table = { 0 };
	must(mountinfo_read(0, &table) == 0);
	const struct mountinfo *mount = mountinfo_find(&table, "/tmp/mnt");
	must(mount != NULL);
	must(mountinfo_has_option(mount->options, "ro"));
	must(mountinfo_has_option(mount->options, "nosuid"));
	must(mountinfo_has_option(mount->options, "nodev"));
	must(mountinfo_has_option(mount->options, "noexec"));
	must(mkdir("mnt/new", 0755) < 0 && errno == EROFS);
}

static void
test_read_only(void **state)
{
	(void)state;
	in_sandbox(a_single_layer_is_read_only, ALL_CALLS);
	in_sandbox(a_single_layer_is_read_only, OLD_KERNEL);
	in_sandbox(flags_are_kept, ALL_CALLS);
	in_sandbox(flags_are_kept, OLD_KERNEL);
}

/* ---- what cannot work -------------------------------------------------- */

static void
refused(struct overlay overlay, const char *target, const char *words)
{
	size_t mounts = count_mounts();
	int descriptors = count_descriptors();
	must(overlay_mount(&overlay, target, 0) < 0);
	if (!strstr(failure.text, words))
		print_error("\"%s\" is not in: %s\n", words, failure.text);
	must(strstr(failure.text, words));
	must(count_mounts() == mounts);
	must(count_descriptors() == descriptors);
}

static void
mistakes_are_refused_in_words(void)
{
	const char *layers[] = { "lower", "missing" };
	const char *twice[] = { "lower", "lower" };
	const char *file[] = { "file" };
	struct overlay o = frame;
	make_frame();
	put("file", "x");
	must(mkdir("upper/inside", 0755) == 0 && mkdir("other", 0755) == 0);
	must(symlink("mnt", "link") == 0);
	must(mount("other", "other", "tmpfs", 0, NULL) == 0);
	must(mkdir("other/work", 0755) == 0);
	o.layer_count = 0;
	refused(o, "mnt", "at least one layer");
	o.layer_count = 2;
	o.layers = layers;
	refused(o, "mnt", "layer missing: No such file");
	o.layers = twice;
	refused(o, "mnt", "mount an overlay on mnt (");
	o.layers = file;
	o.layer_count = 1;
	refused(o, "mnt", "layer file is not a directory");
	o = frame;
	o.work = NULL;
	refused(o, "mnt", "go together");
	o.work = "upper";
	refused(o, "mnt", "the same");
	o.work = "other/work";
	refused(o, "mnt", "another file system");
	o.work = "upper/inside";
	refused(o, "mnt", "mount an overlay on mnt (");
	o.work = "missing";
	refused(o, "mnt", "work directory missing: No such file");
	refused(frame, "missing", "mount point missing: No such file");
	refused(frame, "file", "mount point file is not a directory");
	refused(frame, "link", "mount point link is not a directory");
	must(exists("file") && exists("lower"));
}

/* What the kernel says about it, where it can say anything to us. */
static void
the_kernel_is_quoted(void)
{
	struct overlay o = frame;
	make_frame();
	must(mkdir("box", 0755) == 0);
	must(mount("box", "box", "tmpfs", 0, NULL) == 0);
	must(mkdir("box/upper", 0755) == 0 && mkdir("box/work", 0755) == 0);
	must(mount(NULL, "box", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) ==
	     0);
	o.upper = "box/upper";
	o.work = "box/work";
	must(overlay_mount(&o, "mnt", 0) < 0);
	if (!strstr(failure.text, "the kernel says: overlay: ")) {
		print_message("fsconfig is older than its log: %s\n",
			      failure.text);
		_exit(CANNOT);
	}
	must(strstr(failure.text, "read-only"));
}

static void
test_mistakes(void **state)
{
	(void)state;
	in_sandbox(mistakes_are_refused_in_words, ALL_CALLS);
	in_sandbox(mistakes_are_refused_in_words, OLD_KERNEL);
}

static void
test_quotes(void **state)
{
	(void)state;
	in_sandbox(the_kernel_is_quoted, ALL_CALLS);
}

/* ---- unmounting -------------------------------------------------------- */

static void
only_overlays_are_unmounted(void)
{
	make_frame();
	must(mkdir("lower/volume", 0755) == 0 && mkdir("data", 0755) == 0);
	put("data/precious", "x");
	size_t mounts = count_mounts();

	/* Not there, or not mounted: nothing to do. */
	must(overlay_unmount("missing") == 0 && overlay_unmount("mnt") == 0);

	/* A volume below keeps it, and is named. */
	mount_or_skip(&frame);
	must(mount("data", "mnt/volume", NULL, MS_BIND, NULL) == 0);
	must(overlay_unmount("mnt") < 0);
	must(strstr(failure.text, "/tmp/mnt/volume"));
	must(exists("mnt/volume/precious"));
	must(umount("mnt/volume") == 0);

	/* So does a process. */
	int held = open("mnt/volume", O_RDONLY);
	must(overlay_unmount("mnt") < 0 && failure.code == EBUSY);
	close(held);

	/* Something on top is not ours to take. */
	must(mount("top", "mnt", "tmpfs", 0, NULL) == 0);
	must(overlay_unmount("mnt") < 0);
	must(strstr(failure.text, "not an overlay"));
	must(umount("mnt") == 0);

	/* Mounted twice, it goes twice; a link to it is not it. */
	struct overlay again = { .layers = (const char *[]){ "lower", "data" },
				 .layer_count = 2 };
	must(overlay_mount(&again, "mnt", 0) == 0);
	must(symlink("mnt", "link") == 0);
	must(overlay_unmount("link") < 0);
	must(overlay_unmount("mnt") == 0);
	must(count_mounts() == mounts);
	must(rmdir("mnt") == 0 && exists("data/precious"));
}

static void
test_unmount(void **state)
{
	(void)state;
	in_sandbox(only_overlays_are_unmounted, ALL_CALLS);
	in_sandbox(only_overlays_are_unmounted, OLD_KERNEL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many_layers),
		cmocka_unit_test(test_deletions),
		cmocka_unit_test(test_deletions_as_root),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_unmount),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
