/* test_marks.c - deletions in the three ways of writing them down. */
#include "marks.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include "overlay.h"
#include "sandbox.h"

static int
open_dir(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(dir >= 0);
	return dir;
}

static void
put(const char *path)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	must(fd >= 0);
}

static bool
exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static bool
is_opaque(const char *path, enum marks marks)
{
	auto_close int dir = open_dir(path);
	return marks_is_opaque(dir, marks) == 1;
}

/* A file system that keeps user.* attributes, or no test of these. */
static void
need_attributes(void)
{
	auto_close int here = open_dir(".");
	if (marks_make_opaque(here, MARKS_USER) == 0)
		return;
	print_message("%s\n", failure.text);
	_exit(CANNOT);
}

static void
names_say_what_they_are(void **state)
{
	(void)state;
	assert_int_equal(marks_in_name("hosts"), MARK_NONE);
	assert_int_equal(marks_in_name(".wh"), MARK_NONE);
	assert_int_equal(marks_in_name("a.wh.b"), MARK_NONE);
	assert_int_equal(marks_in_name(".wh.hosts"), MARK_WHITEOUT);
	assert_int_equal(marks_in_name(".wh..wh..opq"), MARK_OPAQUE);
	assert_int_equal(marks_in_name(".wh..wh.aufs"), MARK_OWN);
	assert_int_equal(marks_in_name(".wh..wh..opq2"), MARK_OWN);
}

/* ---- one mark ---------------------------------------------------------- */

static void
hide_by(enum marks marks)
{
	const char *hidden;
	must(mkdir("layer", 0755) == 0 && mkdir("layer/dir", 0755) == 0);
	put("layer/file");
	auto_close int layer = open_dir("layer");
	must(marks_hide(layer, "gone", marks) == 0);
	must(marks_hide(layer, "file", marks) == 0);
	must(marks_hide(layer, "dir", marks) == 0);
	must(is_opaque("layer/dir", marks) && !is_opaque("layer", marks));
	auto_list struct marks_list list = { 0 };
	must(marks_list(layer, &list) == 0 && list.count == 3);
	int whiteouts = 0;
	for (size_t i = 0; i < list.count; i++)
		if (marks_look(layer, list.names[i], marks, &hidden) ==
		    MARK_WHITEOUT) {
			whiteouts++;
			must(strcmp(hidden, "gone") == 0);
		}
	must(whiteouts == 1);
}

/* After hide_by(): one whiteout goes, and nothing but a whiteout. */
static void
unhide_by(enum marks marks)
{
	auto_close int layer = open_dir("layer");
	must(marks_unhide(layer, "gone", marks) == 1);
	must(marks_unhide(layer, "gone", marks) == 0);
	must(marks_unhide(layer, "file", marks) == 0 && exists("layer/file"));
	must(marks_unhide(layer, "dir", marks) == 0 && exists("layer/dir"));
	must(is_opaque("layer/dir", marks));
	auto_list struct marks_list list = { 0 };
	must(marks_list(layer, &list) == 0 && list.count == 2);
}

static void
hide_by_names(void)
{
	hide_by(MARKS_NAMES);
	must(exists("layer/.wh.gone") && exists("layer/dir/.wh..wh..opq"));
	auto_close int layer = open_dir("layer");
	must(marks_hide(layer, "gone", MARKS_NAMES) == 0); /* again */
	unhide_by(MARKS_NAMES);
	char longest[256] = { 0 };
	memset(longest, 'x', 255);
	must(marks_unhide(layer, longest, MARKS_NAMES) == 0);
}

static void
hide_by_overlay(void)
{
	need_attributes();
	must(marks_of_overlay() == MARKS_USER);
	hide_by(MARKS_USER);
	must(overlay_is_whiteout(AT_FDCWD, "layer/gone") == 1);
	unhide_by(MARKS_USER);
}

static void
hide_as_root(void)
{
	char value;
	must(marks_of_overlay() == MARKS_TRUSTED);
	hide_by(MARKS_TRUSTED);
	must(getxattr("layer/dir", "trusted.overlay.opaque", &value, 1) == 1 &&
	     value == 'y');
	unhide_by(MARKS_TRUSTED);
}

/* ---- a whole layer ----------------------------------------------------- */

static void
convert(enum marks from, enum marks to)
{
	auto_close int layer = open_dir("layer");
	must(marks_convert(layer, from, to) == 0);
}

static void
make_layer_of_names(void)
{
	must(make_dirs("layer/etc/deep/er", 0755) == 0);
	must(mkdir("layer/both", 0755) == 0);
	put("layer/etc/hosts");
	put("layer/etc/.wh.motd");
	put("layer/etc/deep/.wh..wh..opq");
	put("layer/etc/deep/er/.wh.x");
	put("layer/.wh.both");
	must(symlink("..", "layer/etc/up") == 0);
}

static void
there_and_back(enum marks marks)
{
	make_layer_of_names();
	convert(MARKS_NAMES, marks);
	must(overlay_is_whiteout(AT_FDCWD, "layer/etc/motd") == 1 &&
	     overlay_is_whiteout(AT_FDCWD, "layer/etc/deep/er/x") == 1);
	must(is_opaque("layer/etc/deep", marks) &&
	     is_opaque("layer/both", marks) && !is_opaque("layer/etc", marks));
	must(!exists("layer/etc/.wh.motd") && !exists("layer/.wh.both") &&
	     !exists("layer/etc/deep/.wh..wh..opq"));
	convert(marks, MARKS_NAMES);
	must(exists("layer/etc/.wh.motd") && !exists("layer/etc/motd") &&
	     exists("layer/etc/deep/.wh..wh..opq") &&
	     exists("layer/etc/deep/er/.wh.x") &&
	     exists("layer/both/.wh..wh..opq"));
	must(exists("layer/etc/hosts") && exists("layer/etc/up"));
	must(!is_opaque("layer/etc/deep", marks));
}

static void
there_and_back_as_user(void)
{
	need_attributes();
	there_and_back(MARKS_USER);
}

/* What a user's container has left, for a container of root's. */
static void
there_and_back_as_root(void)
{
	there_and_back(MARKS_TRUSTED);
	need_attributes();
	convert(MARKS_NAMES, MARKS_USER);
	convert(MARKS_USER, MARKS_TRUSTED);
	must(is_opaque("layer/etc/deep", MARKS_TRUSTED) &&
	     !is_opaque("layer/etc/deep", MARKS_USER));
	must(overlay_is_whiteout(AT_FDCWD, "layer/etc/motd") == 1);
}

static void
times_stay(void)
{
	struct stat st;
	static const struct timespec times[] = { { 1000000, 1 },
						 { 2000000, 2 } };
	need_attributes();
	make_layer_of_names();
	must(utimensat(AT_FDCWD, "layer/etc", times, 0) == 0);
	convert(MARKS_NAMES, MARKS_USER);
	must(stat("layer/etc", &st) == 0 && st.st_mtim.tv_sec == 2000000 &&
	     st.st_mtim.tv_nsec == 2);
}

static void
aufs_goes_when_empty(void)
{
	must(make_dirs("layer/.wh..wh.plnk", 0755) == 0);
	put("layer/.wh..wh.aufs");
	put("layer/.wh..wh.plnk/12.34");
	auto_close int layer = open_dir("layer");
	must(marks_convert(layer, MARKS_NAMES, marks_of_overlay()) == -1);
	must(strstr(failure.text, ".wh..wh.plnk"));
	must(unlink("layer/.wh..wh.plnk/12.34") == 0);
	must(marks_convert(layer, MARKS_NAMES, marks_of_overlay()) == 0);
	must(!exists("layer/.wh..wh.plnk") && !exists("layer/.wh..wh.aufs"));
}

/* ".wh." and 252 signs are more than a name has room for. */
static void
long_names_cannot_be_spelled(void)
{
	char name[256];
	memset(name, 'n', 255);
	name[252] = '\0';
	must(mkdir("layer", 0755) == 0);
	auto_close int layer = open_dir("layer");
	must(overlay_make_whiteout(layer, name) == 0);
	must(marks_convert(layer, marks_of_overlay(), MARKS_NAMES) == -1 &&
	     failure.code == ENAMETOOLONG);
}

#define IN_SANDBOX(test, body)                                                \
	static void test(void **state)                                        \
	{                                                                     \
		(void)state;                                                  \
		in_sandbox(body, ALL_CALLS);                                  \
	}
#define IN_ROOT_SANDBOX(test, body)                                           \
	static void test(void **state)                                        \
	{                                                                     \
		(void)state;                                                  \
		in_root_sandbox(body, ALL_CALLS);                             \
	}
IN_SANDBOX(names_hide, hide_by_names)
IN_SANDBOX(overlay_hides, hide_by_overlay)
IN_ROOT_SANDBOX(overlay_hides_for_root, hide_as_root)
IN_SANDBOX(a_layer_goes_there_and_back, there_and_back_as_user)
IN_ROOT_SANDBOX(a_layer_goes_there_and_back_for_root, there_and_back_as_root)
IN_SANDBOX(directories_keep_their_times, times_stay)
IN_SANDBOX(aufs_bookkeeping_goes_when_empty, aufs_goes_when_empty)
IN_SANDBOX(a_name_can_be_too_long, long_names_cannot_be_spelled)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_say_what_they_are),
		cmocka_unit_test(names_hide),
		cmocka_unit_test(overlay_hides),
		cmocka_unit_test(overlay_hides_for_root),
		cmocka_unit_test(a_layer_goes_there_and_back),
		cmocka_unit_test(a_layer_goes_there_and_back_for_root),
		cmocka_unit_test(directories_keep_their_times),
		cmocka_unit_test(aufs_bookkeeping_goes_when_empty),
		cmocka_unit_test(a_name_can_be_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
