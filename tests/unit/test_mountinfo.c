/* test_mountinfo.c - the mount table: real lines, odd lines, hostile lines. */
#include "mountinfo.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

/* Parse a copy with nothing readable behind it, so that the address sanitizer
 * sees a step too far.  The caller frees `*line`. */
static int
parse(const char *from, char **line, struct mountinfo *mount)
{
	memset(mount, 0, sizeof(*mount));
	*line = strdup(from);
	return mountinfo_parse(*line, mount);
}

static void
the_line_of_the_manual_page(void **state)
{
	(void)state;
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - "
			       "ext3 /dev/root rw,errors=continue",
			       &line, &m), 0);
	assert_int_equal(m.id, 36);
	assert_int_equal(m.parent, 35);
	assert_int_equal(m.major, 98);
	assert_int_equal(m.minor, 0);
	assert_string_equal(m.root, "/mnt1");
	assert_string_equal(m.target, "/mnt2");
	assert_string_equal(m.options, "rw,noatime");
	assert_string_equal(m.optional, "master:1");
	assert_string_equal(m.type, "ext3");
	assert_string_equal(m.source, "/dev/root");
	assert_string_equal(m.super, "rw,errors=continue");
}

static void
any_number_of_optional_fields(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"", "shared:2", "shared:2 master:1",
		"shared:2 master:1 propagate_from:7 unbindable",
		"a-b -c d-", /* a hyphen inside a field ends nothing */
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct mountinfo m;
		auto_free char *given =
			text("1 2 0:3 / /x rw %s%s- tmpfs none rw", cases[i],
			     *cases[i] ? " " : "");
		auto_free char *line = NULL;
		assert_int_equal(parse(given, &line, &m), 0);
		assert_string_equal(m.optional, cases[i]);
		assert_string_equal(m.options, "rw");
		assert_string_equal(m.type, "tmpfs");
		assert_string_equal(m.super, "rw");
	}
}

static void
octal_escapes_are_undone(void **state)
{
	(void)state;
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse("1 2 0:3 /a\\040b /tab\\011nl\\012bs\\134 rw - "
			       "fuse.x so\\040urce rw,x=\\0431",
			       &line, &m), 0);
	assert_string_equal(m.root, "/a b");
	assert_string_equal(m.target, "/tab\tnl\nbs\\");
	assert_string_equal(m.source, "so urce");
	assert_string_equal(m.super, "rw,x=#1");
}

/* "\134040" is a backslash and then "040": undone once, not twice. */
static void
escapes_are_undone_once(void **state)
{
	(void)state;
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse("1 2 0:3 / /a\\134040b rw - t s rw", &line, &m),
			 0);
	assert_string_equal(m.target, "/a\\040b");
}

static void
what_is_no_escape_stays(void **state)
{
	(void)state;
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse("1 2 0:3 / /a\\x\\9\\08\\400\\ rw - t s r\\04",
			       &line, &m), 0);
	assert_string_equal(m.target, "/a\\x\\9\\08\\400\\");
	assert_string_equal(m.super, "r\\04");
}

static void
bytes_that_are_no_ascii(void **state)
{
	(void)state;
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse("1 2 0:3 / /\xe5\xae\xb9\xff\\377 rw - t s rw",
			       &line, &m), 0);
	assert_string_equal(m.target, "/\xe5\xae\xb9\xff\xff");
}

static void
an_empty_source(void **state)
{
	(void)state;
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse("1 2 0:3 / /x rw - tmpfs  rw,size=1k", &line,
			       &m), 0);
	assert_string_equal(m.type, "tmpfs");
	assert_string_equal(m.source, "");
	assert_string_equal(m.super, "rw,size=1k");
}

/* Only behind the sixth field does a hyphen end anything, and only once. */
static void
a_hyphen_may_be_any_field(void **state)
{
	(void)state;
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse("1 2 0:3 - - - - - - -", &line, &m), 0);
	assert_string_equal(m.root, "-");
	assert_string_equal(m.target, "-");
	assert_string_equal(m.options, "-");
	assert_string_equal(m.optional, "");
	assert_string_equal(m.type, "-");
	assert_string_equal(m.source, "-");
	assert_string_equal(m.super, "-");
}

static void
malformed_lines_are_refused(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"", " ", "\n", "1", "1 2", "1 2 0:3", "1 2 0:3 /", "x",
		"1 2 0:3 / /x", "1 2 0:3 / /x rw", "1 2 0:3 / /x rw ",
		"1 2 0:3 / /x rw -", "1 2 0:3 / /x rw - ",
		"1 2 0:3 / /x rw - ext4", "1 2 0:3 / /x rw - ext4 ",
		"1 2 0:3 / /x rw - ext4 /dev/sda1", /* no super options */
		"1 2 0:3 / /x rw shared:1 ext4 /dev/sda1 rw", /* no "-" */
		"1 2 0:3 / /x rw - ext4 /dev/sda1 ", "1 2 0:3 / /x rw - ext4  ",
		"1 2 0:3  /x rw - t s rw", "1 2 0:3 /  rw - t s rw",
		"1 2 0:3 / /x  - t s rw", "1 2 0:3 / /x rw -  s rw",
		"1  0:3 / /x rw - t s rw", "1 2  / /x rw - t s rw",
		"1 2 0:3 / /x rw - - -", /* the separator, a type, a source */
		"1 2 0:3 / /x rw --  ext4 /dev/sda1 rw",
		"a 2 0:3 / /x rw - t s rw", "1 b 0:3 / /x rw - t s rw",
		"-1 2 0:3 / /x rw - t s rw", "1 -2 0:3 / /x rw - t s rw",
		"1 2 03 / /x rw - t s rw", "1 2 0: / /x rw - t s rw",
		"1 2 :3 / /x rw - t s rw", "1 2 0:3:4 / /x rw - t s rw",
		"1 2 x:3 / /x rw - t s rw", "1 2 0:y / /x rw - t s rw",
		"99999999999999999999 2 0:3 / /x rw - t s rw",
		"2147483648 2 0:3 / /x rw - t s rw",
		"1 2 4294967296:3 / /x rw - t s rw",
		" 1 2 0:3 / /x rw - t s rw",
	};
	for (size_t i = 0; i < countof(lines); i++) {
		struct mountinfo m;
		auto_free char *line = NULL;
		failure.text[0] = '\0';
		if (parse(lines[i], &line, &m) != -1)
			fail_msg("\"%s\" was taken", lines[i]);
		assert_non_null(strstr(failure.text, "mountinfo"));
	}
}

/* Cut a good line at every byte: refused, or read right up to the cut, which
 * is in the last field then. */
static void
a_cut_at_any_byte(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"36 35 98:0 /m\\040 /mnt2 rw master:1 - ext3 /dev/root rw,x=y",
		"36 35 98:0 / /mnt2 rw shared:1 master:1 - t\\134 - rw,x=y",
		"36 35 98:0 - /- rw - - - rw,x=y",
		"36 35 98:0 / / rw - tmpfs  rw,x=y",
	};
	for (size_t i = 0; i < countof(lines); i++) {
		struct mountinfo whole, m;
		auto_free char *whole_line = NULL;
		assert_int_equal(parse(lines[i], &whole_line, &whole), 0);
		size_t last = strlen(lines[i]) - strlen("rw,x=y");
		for (size_t length = 0; lines[i][length]; length++) {
			auto_free char *cut = strndup(lines[i], length);
			auto_free char *line = NULL;
			int result = parse(cut, &line, &m);
			assert_int_equal(result, length > last ? 0 : -1);
			if (result < 0)
				continue;
			assert_string_equal(m.target, whole.target);
			assert_string_equal(m.optional, whole.optional);
			assert_string_equal(m.type, whole.type);
			assert_string_equal(m.source, whole.source);
			assert_string_equal(m.super, cut + last);
		}
	}
}

/* Overlays of many layers make lines of this length. */
static void
a_line_of_64_kilobytes(void **state)
{
	(void)state;
	enum { LONG = 64 * 1024 };
	auto_free char *layers = new_bytes(LONG + 1);
	for (size_t i = 0; i < LONG; i += 4)
		memcpy(layers + i, "\\072", 4); /* an escaped colon */
	auto_free char *given =
		text("1 2 0:3 / /%s rw - overlay overlay rw,lowerdir=%s",
		     layers, layers);
	struct mountinfo m;
	auto_free char *line = NULL;
	assert_int_equal(parse(given, &line, &m), 0);
	assert_int_equal(strlen(m.target), 1 + LONG / 4);
	assert_int_equal(strlen(m.super), strlen("rw,lowerdir=") + LONG / 4);
	assert_int_equal(strspn(m.target + 1, ":"), LONG / 4);
}

static void
random_bytes_do_no_harm(void **state)
{
	(void)state;
	static const char alphabet[] = "0123 /:-\\,\t\nrw";
	srand(1);
	for (int round = 0; round < 20000; round++) {
		char given[80];
		size_t length = rand() % (sizeof(given) - 1);
		for (size_t i = 0; i < length; i++)
			given[i] = alphabet[rand() % (sizeof(alphabet) - 1)];
		given[length] = '\0';
		struct mountinfo m;
		auto_free char *line = NULL;
		(void)parse(given, &line, &m);
	}
}

/* ---- the real table ---------------------------------------------------- */

static void
our_own_table_agrees_with_the_kernel(void **state)
{
	(void)state;
	auto_mounts struct mount_table table;
	assert_int_equal(mountinfo_read(0, &table), 0);
	assert_true(table.count > 0);

	const struct mountinfo *proc = mountinfo_find(&table, "/proc");
	if (!proc) {
		print_message("no mount is called /proc on this machine\n");
		skip();
	}
	struct stat st;
	assert_int_equal(stat("/proc/self/..", &st), 0);
	assert_string_equal(proc->type, "proc");
	assert_int_equal(st.st_dev >> 8 & 0xfff, proc->major);
	assert_int_equal(st.st_dev & 0xff, proc->minor & 0xff);
	assert_null(mountinfo_find(&table, "/pro"));
	assert_null(mountinfo_find(&table, "/proc/"));
	assert_null(mountinfo_find(&table, ""));
}

static void
the_table_of_another_process(void **state)
{
	(void)state;
	auto_mounts struct mount_table own = { 0 }, by_pid = { 0 };
	assert_int_equal(mountinfo_read(0, &own), 0);
	assert_int_equal(mountinfo_read(getpid(), &by_pid), 0);
	assert_int_equal(own.count, by_pid.count);
	for (size_t i = 0; i < own.count; i++)
		assert_string_equal(own.mounts[i].target,
				    by_pid.mounts[i].target);
}

static void
a_process_that_is_not_there(void **state)
{
	(void)state;
	struct mount_table table;
	assert_int_equal(mountinfo_read(0x3fffffff, &table), -1);
	assert_non_null(strstr(failure.text, "mountinfo"));
	assert_int_equal(table.count, 0);
	mountinfo_free(&table);
	mountinfo_free(&table); /* twice does no harm */
}

/* ---- finding ----------------------------------------------------------- */

static void
of_a_stack_the_topmost_is_found(void **state)
{
	(void)state;
	struct mountinfo mounts[] = {
		{ .id = 1, .target = (char *)"/" },
		{ .id = 2, .target = (char *)"/mnt" },
		{ .id = 3, .target = (char *)"/mnt" },
		{ .id = 4, .target = (char *)"/mnt/x" },
	};
	struct mount_table table = { mounts, countof(mounts), NULL };
	assert_int_equal(mountinfo_find(&table, "/mnt")->id, 3);
	assert_int_equal(mountinfo_find(&table, "/")->id, 1);
	assert_null(mountinfo_find(&table, "/mn"));
	table.count = 0;
	assert_null(mountinfo_find(&table, "/"));
}

static void
options_are_whole_words(void **state)
{
	(void)state;
	static const char list[] = "rw,noatime,size=1k";
	assert_true(mountinfo_has_option(list, "rw"));
	assert_true(mountinfo_has_option(list, "noatime"));
	assert_true(mountinfo_has_option(list, "size=1k"));
	assert_false(mountinfo_has_option(list, "size"));
	assert_false(mountinfo_has_option(list, "atime"));
	assert_false(mountinfo_has_option(list, "noatim"));
	assert_false(mountinfo_has_option(list, "r"));
	assert_false(mountinfo_has_option(list, "rw,noatime,size=1k,x"));
	assert_false(mountinfo_has_option("", "rw"));
	assert_true(mountinfo_has_option("name=systemd,cpu", "cpu"));
	assert_false(mountinfo_has_option("cpuacct,cpuset", "cpu"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_of_the_manual_page),
		cmocka_unit_test(any_number_of_optional_fields),
		cmocka_unit_test(octal_escapes_are_undone),
		cmocka_unit_test(escapes_are_undone_once),
		cmocka_unit_test(what_is_no_escape_stays),
		cmocka_unit_test(bytes_that_are_no_ascii),
		cmocka_unit_test(an_empty_source),
		cmocka_unit_test(a_hyphen_may_be_any_field),
		cmocka_unit_test(malformed_lines_are_refused),
		cmocka_unit_test(a_cut_at_any_byte),
		cmocka_unit_test(a_line_of_64_kilobytes),
		cmocka_unit_test(random_bytes_do_no_harm),
		cmocka_unit_test(our_own_table_agrees_with_the_kernel),
		cmocka_unit_test(the_table_of_another_process),
		cmocka_unit_test(a_process_that_is_not_there),
		cmocka_unit_test(of_a_stack_the_topmost_is_found),
		cmocka_unit_test(options_are_whole_words),
	};
	return cmocka_run_group_tests_name("mountinfo", tests, NULL, NULL);
}
