/* test_aufs_range.c - the bytes between two offsets, whoever copies them. */
#include "aufs_range.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

/* So much that two copy it, and no number of whole pieces. */
enum { SIZE = (9 << 20) + 4711 };

static char bytes[SIZE], copied[SIZE];
static int from = -1, to = -1;

static int
make_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = 1 + (i + i / 251 + i / 65521) % 255;
	from = memfd_create("from", MFD_CLOEXEC);
	to = memfd_create("to", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return pwrite(from, bytes, SIZE, 0) == SIZE ? ftruncate(to, SIZE) : -1;
}

static int
close_both(void **state)
{
	(void)state;
	return close(from) | close(to);
}

/* In `to` are these of `bytes`, and nothing beside them. */
static void
assert_copied(off_t offset, off_t end)
{
	assert_int_equal(pread(to, copied, SIZE, 0), SIZE);
	assert_memory_equal(copied + offset, bytes + offset, end - offset);
	for (off_t i = 0; i < SIZE; i = i + 1 == offset ? end : i + 1)
		if ((i < offset || i >= end) && copied[i] != 0)
			fail_msg("byte %jd was written", (intmax_t)i);
}

static void
whole(void **state)
{
	(void)state;
	assert_int_equal(copy_range(from, to, 0, SIZE), 0);
	assert_copied(0, SIZE);
}

static void
a_part(void **state)
{
	(void)state;
	assert_int_equal(copy_range(from, to, 12345, SIZE - 777), 0);
	assert_copied(12345, SIZE - 777);
}

static void
a_little(void **state)
{
	(void)state;
	assert_int_equal(copy_range(from, to, 5, 6), 0);
	assert_copied(5, 6);
}

static void
nothing(void **state)
{
	(void)state;
	assert_int_equal(copy_range(from, to, 4096, 4096), 0);
	assert_int_equal(copy_range(from, to, 8192, 4096), 0);
	assert_copied(0, 0);
}

static void
beyond_the_end(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(copy_range(from, to, 0, 3 * (off_t)SIZE), 0);
	assert_copied(0, SIZE);
	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_size, SIZE);
}

static void
no_place_for_the_rest(void **state)
{
	(void)state;
	assert_int_equal(ftruncate(to, SIZE / 2), 0);
	assert_int_equal(fcntl(to, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_int_equal(copy_range(from, to, 0, SIZE), -EPERM);
}

static void
cannot_be_read(void **state)
{
	(void)state;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_int_equal(copy_range(null, to, 0, SIZE), -EBADF);
	assert_int_equal(copy_range(from, -1, 0, SIZE), -EBADF);
	close(null);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_both, close_both)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole),	      TEST(a_part),
		TEST(a_little),	      TEST(nothing),
		TEST(beyond_the_end), TEST(no_place_for_the_rest),
		TEST(cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
