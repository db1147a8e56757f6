/* test_base.c - failures, scopes and file helpers, hostile input included. */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

/* Every test gets an empty directory of its own and is in it. */
static char where[] = "/tmp/mydocker-unit.XXXXXX";

static int
enter_scratch(void **state)
{
	(void)state;
	strcpy(strrchr(where, '.'), ".XXXXXX");
	return mkdtemp(where) && chdir(where) == 0 ? 0 : -1;
}

static int
leave_scratch(void **state)
{
	(void)state;
	auto_dir DIR *dir = opendir(where);
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	return chdir("/") == 0 && rmdir(where) == 0 ? 0 : -1;
}

static void
put(const char *path, const char *content)
{
	auto_file FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
}

static int
count_entries(void)
{
	auto_dir DIR *dir = opendir(".");
	int count = -2; /* . and .. */
	while (readdir(dir))
		count++;
	return count;
}

/* ---- failures ---------------------------------------------------------- */

static void
fail_appends_the_words_of_errno(void **state)
{
	(void)state;
	errno = ENOENT;
	assert_int_equal(fail("open %s", "x"), -1);
	assert_string_equal(failure.text, "open x: No such file or directory");
	assert_int_equal(failure.code, ENOENT);
	assert_int_equal(errno, ENOENT);
}

static void
failx_has_no_errno(void **state)
{
	(void)state;
	errno = ENOENT;
	assert_int_equal(failx("%d is odd", 3), -1);
	assert_string_equal(failure.text, "3 is odd");
	assert_int_equal(failure.code, 0);
}

static void
wrap_puts_the_caller_first_and_keeps_the_code(void **state)
{
	(void)state;
	errno = EPERM;
	fail("inner");
	errno = 0;
	assert_int_equal(wrap("outer %d", 1), -1);
	assert_string_equal(failure.text,
			    "outer 1: inner: Operation not permitted");
	assert_int_equal(failure.code, EPERM);
}

static void
a_long_failure_is_cut_within_its_room(void **state)
{
	(void)state;
	char long_name[1000];
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';

	errno = EIO;
	fail("%s", long_name);
	assert_int_equal(strlen(failure.text), sizeof(failure.text) - 1);
	for (int i = 0; i < 5; i++)
		wrap("%s", long_name);
	assert_int_equal(strlen(failure.text), sizeof(failure.text) - 1);
	assert_int_equal(failure.code, EIO);
}

static void
a_percent_sign_in_a_name_is_only_text(void **state)
{
	(void)state;
	failx("%s", "100%s%n");
	wrap("%s", "50%d");
	assert_string_equal(failure.text, "50%d: 100%s%n");
}

/* ---- scopes ------------------------------------------------------------ */

static void
scopes_close_and_keep_errno(void **state)
{
	(void)state;
	int before = count_descriptors();
	errno = EXDEV;
	{
		auto_close int fd = dup(0);
		auto_close int none = -1;
		auto_file FILE *file = fopen("/dev/null", "r");
		auto_file FILE *no_file = NULL;
		auto_dir DIR *dir = opendir("/");
		auto_dir DIR *no_dir = NULL;
		assert_true(fd >= 0 && file && dir);
		assert_true(none == -1 && !no_file && !no_dir);
		errno = EXDEV;
	}
	assert_int_equal(errno, EXDEV);
	assert_int_equal(count_descriptors(), before);
}

static void
what_is_taken_outlives_the_scope(void **state)
{
	(void)state;
	int fd;
	char *string;
	{
		auto_close int scoped = dup(0);
		auto_free char *words = copy_text("kept");
		fd = take_fd(&scoped);
		string = take_ptr(&words);
		assert_int_equal(scoped, -1);
		assert_null(words);
	}
	assert_true(fcntl(fd, F_GETFD) >= 0);
	assert_string_equal(string, "kept");
	close(fd);
	free(string);
}

static void
memory_helpers(void **state)
{
	(void)state;
	auto_free char *long_text = text("%5000d|%s", 7, "end");
	assert_int_equal(strlen(long_text), 5004);
	auto_free char *zeroed = new_bytes(100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(zeroed[i], 0);
	auto_free char *nothing = new_bytes(0);
	assert_non_null(nothing);
	nothing = resize_bytes(nothing, 0);
	assert_non_null(nothing);
}

/* ---- files ------------------------------------------------------------- */

static void
text_goes_to_a_file_and_back(void **state)
{
	(void)state;
	char buffer[16];
	put("file", "");
	assert_int_equal(write_text(AT_FDCWD, "file", "100M\n"), 0);
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 16), 4);
	assert_string_equal(buffer, "100M");
}

static void
write_text_makes_no_file(void **state)
{
	(void)state;
	assert_int_equal(write_text(AT_FDCWD, "absent", "1"), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_non_null(strstr(failure.text, "absent"));
	assert_int_equal(count_entries(), 0);
}

static void
write_text_reports_a_refusal(void **state)
{
	(void)state;
	assert_int_equal(write_text(AT_FDCWD, "/dev/full", "x"), -1);
	assert_int_equal(failure.code, ENOSPC);
	assert_non_null(strstr(failure.text, "/dev/full"));
	assert_int_equal(write_text(AT_FDCWD, ".", "x"), -1);
	assert_int_equal(failure.code, EISDIR);
}

static void
read_text_cuts_one_newline_only(void **state)
{
	(void)state;
	char buffer[16];
	put("file", "a\n\n");
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 16), 2);
	assert_string_equal(buffer, "a\n");
	put("file", "\n");
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 16), 0);
	assert_string_equal(buffer, "");
	put("file", "");
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 16), 0);
	assert_string_equal(buffer, "");
}

static void
read_text_refuses_what_does_not_fit(void **state)
{
	(void)state;
	char buffer[8];
	put("file", "1234567");
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 8), 7);
	assert_string_equal(buffer, "1234567");
	put("file", "12345678");
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 8), -1);
	assert_int_equal(failure.code, 0);
	assert_int_equal(read_text(AT_FDCWD, "/dev/zero", buffer, 8), -1);
}

/* Of a file of the kernel's that is written in one piece it is all; a pipe
 * shows that there is no second read(2), which here would wait. */
static void
read_once_reads_once(void **state)
{
	(void)state;
	int ends[2];
	char buffer[8], piece[4096];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "abc\n", 4), 4);
	auto_free char *path = text("/proc/self/fd/%d", ends[0]);
	assert_int_equal(read_once(AT_FDCWD, path, buffer, 8), 3);
	assert_string_equal(buffer, "abc");
	assert_int_equal(write(ends[1], "12345678", 8), 8);
	assert_int_equal(read_once(AT_FDCWD, path, buffer, 8), -1);
	assert_int_equal(read_once(AT_FDCWD, "absent", buffer, 8), -1);
	assert_int_equal(failure.code, ENOENT);
	close(ends[0]);
	close(ends[1]);
	assert_true(read_once(AT_FDCWD, "/proc/self/status", piece, 4096) > 0);
	assert_non_null(strstr(piece, "\nnonvoluntary_ctxt_switches:"));
}

static void
read_text_reports_what_it_cannot_read(void **state)
{
	(void)state;
	char buffer[8];
	assert_int_equal(read_text(AT_FDCWD, "absent", buffer, 8), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_int_equal(read_text(AT_FDCWD, "/", buffer, 8), -1);
	assert_int_equal(failure.code, EISDIR);
	assert_int_equal(read_text(-1, "relative", buffer, 8), -1);
	assert_int_equal(failure.code, EBADF);
}

static void
read_all_takes_any_size(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 4094, 4095, 4096, 8191, 100000 };
	for (size_t i = 0; i < countof(sizes); i++) {
		auto_free char *content = new_bytes(sizes[i] + 1);
		memset(content, 'x', sizes[i]);
		put("file", content);
		size_t length = 1;
		auto_free char *got = read_all(AT_FDCWD, "file", &length);
		assert_non_null(got);
		assert_int_equal(length, sizes[i]);
		assert_string_equal(got, content);
	}
	assert_null(read_all(AT_FDCWD, "absent", NULL));
	assert_int_equal(failure.code, ENOENT);
	assert_null(read_all(AT_FDCWD, "/", NULL));
	assert_int_equal(failure.code, EISDIR);
}

static void
read_all_keeps_zero_bytes(void **state)
{
	(void)state;
	size_t length;
	auto_free char *got = read_all(AT_FDCWD, "/proc/self/cmdline", &length);
	assert_non_null(got);
	assert_true(length > 0);
	assert_int_equal(got[length - 1], '\0');
	assert_int_equal(got[length], '\0');
}

static void
write_file_appears_whole_with_its_mode(void **state)
{
	(void)state;
	struct stat st;
	char buffer[16];
	mode_t old = umask(077);
	assert_int_equal(write_file(AT_FDCWD, "file", "one", 0644), 0);
	umask(old);
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(write_file(AT_FDCWD, "file", "two", 0600), 0);
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 16), 3);
	assert_string_equal(buffer, "two");
	assert_int_equal(write_file_unsynced(AT_FDCWD, "file", "3", 0600), 0);
	assert_int_equal(read_text(AT_FDCWD, "file", buffer, 16), 1);
	assert_string_equal(buffer, "3");
	assert_int_equal(count_entries(), 1);
}

static void
write_file_leaves_nothing_when_it_fails(void **state)
{
	(void)state;
	assert_int_equal(mkdir("taken", 0755), 0);
	assert_int_equal(write_file(AT_FDCWD, "taken", "x", 0644), -1);
	assert_int_equal(failure.code, EISDIR);
	assert_int_equal(write_file(AT_FDCWD, "absent/file", "x", 0644), -1);
	assert_int_equal(failure.code, ENOENT);
	assert_int_equal(count_entries(), 1);
}

static void
make_dirs_makes_all_and_accepts_what_is_there(void **state)
{
	(void)state;
	struct stat st;
	auto_free char *inner = text("%s/a/b", where);
	auto_free char *outer = text("%s/a", where);
	assert_int_equal(make_dirs(inner, 0755), 0);
	assert_int_equal(make_dirs(inner, 0755), 0);
	assert_int_equal(stat(inner, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(make_dirs("rel//x/", 0755), 0);
	assert_int_equal(make_dirs("/", 0755), 0);
	rmdir("rel/x");
	rmdir(inner);
	rmdir(outer);
}

static void
make_dirs_refuses_a_file_in_the_way(void **state)
{
	(void)state;
	put("file", "");
	assert_int_equal(make_dirs("file", 0755), -1);
	assert_non_null(strstr(failure.text, "file"));
	assert_int_equal(make_dirs("file/below", 0755), -1);
	assert_int_equal(failure.code, ENOTDIR);
}

/* ---- numbers ----------------------------------------------------------- */

static void
numbers_are_taken_whole(void **state)
{
	(void)state;
	uint64_t value;
	assert_int_equal(parse_number("0", 0, 10, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_number("65535", 1, 65535, &value), 0);
	assert_int_equal(value, 65535);
	assert_int_equal(parse_number("18446744073709551615", 0, UINT64_MAX,
				      &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_number("007", 0, 10, &value), 0);
	assert_int_equal(value, 7);
}

static void
what_is_no_number_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",    " 1",  "1 ",   "+1",   "-1", "- 1", "12x", "0x10",
		"1.5", "1e3", "\t1",  "1\n",  "x",  "--1", "1,000",
		"18446744073709551616",	 /* 2^64 */
		"99999999999999999999999999999999999999",
		"-18446744073709551615", /* would wrap round to 1 */
		"\xd9\xa3",		 /* a digit, but an Arabic one */
	};
	for (size_t i = 0; i < countof(wrong); i++) {
		uint64_t value = 42;
		if (parse_number(wrong[i], 0, UINT64_MAX, &value) != -1)
			fail_msg("\"%s\" was taken for a number", wrong[i]);
		assert_int_equal(value, 42);
	}
}

static void
numbers_out_of_bounds_are_refused(void **state)
{
	(void)state;
	uint64_t value = 42;
	assert_int_equal(parse_number("70000", 1, 65535, &value), -1);
	assert_string_equal(failure.text, "70000 is not between 1 and 65535");
	assert_int_equal(parse_number("0", 1, 65535, &value), -1);
	assert_int_equal(value, 42);
}

/* ---- what -v shows ----------------------------------------------------- */

static char traced[2048];

static void
remember(const char *line)
{
	snprintf(traced, sizeof(traced), "%s", line);
	errno = EBUSY; /* a hook may disturb errno */
}

static void
trace_reports_and_changes_nothing(void **state)
{
	(void)state;
	trace_hook = NULL;
	errno = ENOENT;
	assert_int_equal(trace(-1, "open(\"%s\")", "x"), -1);
	assert_int_equal(errno, ENOENT);

	trace_hook = remember;
	errno = ENOENT;
	assert_int_equal(trace(-1, "open(\"%s\")", "x"), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(traced,
			    "open(\"x\") = -1 (No such file or directory)");
	assert_int_equal(trace(3, "two\nlines()"), 3);
	assert_string_equal(traced, "two lines() = 3");

	char long_name[5000];
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(trace(0, "%s", long_name), 0);
	assert_null(strchr(traced, '\n'));
	trace_hook = NULL;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, enter_scratch, leave_scratch)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fail_appends_the_words_of_errno),
		TEST(failx_has_no_errno),
		TEST(wrap_puts_the_caller_first_and_keeps_the_code),
		TEST(a_long_failure_is_cut_within_its_room),
		TEST(a_percent_sign_in_a_name_is_only_text),
		TEST(scopes_close_and_keep_errno),
		TEST(what_is_taken_outlives_the_scope),
		TEST(memory_helpers),
		TEST(text_goes_to_a_file_and_back),
		TEST(write_text_makes_no_file),
		TEST(write_text_reports_a_refusal),
		TEST(read_text_cuts_one_newline_only),
		TEST(read_text_refuses_what_does_not_fit),
		TEST(read_once_reads_once),
		TEST(read_text_reports_what_it_cannot_read),
		TEST(read_all_takes_any_size),
		TEST(read_all_keeps_zero_bytes),
		TEST(write_file_appears_whole_with_its_mode),
		TEST(write_file_leaves_nothing_when_it_fails),
		TEST(make_dirs_makes_all_and_accepts_what_is_there),
		TEST(make_dirs_refuses_a_file_in_the_way),
		TEST(numbers_are_taken_whole),
		TEST(what_is_no_number_is_refused),
		TEST(numbers_out_of_bounds_are_refused),
		TEST(trace_reports_and_changes_nothing),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
