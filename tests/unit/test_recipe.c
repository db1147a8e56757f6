/* test_recipe.c - a tar becomes a directory and, by its recipe, the same tar:
 * many small files in a block, and files that go over several. */
#include "recipe.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entry.h"
#include "layer.h"
#include "tree.h"

#include "test.h"

enum { FILES = 1500, ROOM = 32 << 20 };

static char place[] = "/tmp/mydocker-unit-XXXXXX";
static char *tar;
static size_t tar_size;

/* Nearly all are small, some larger than a block, some than several. */
static size_t
size_of(int number)
{
	size_t most = number % 500 == 7 ? 2000000 : number % 100 == 3 ?
						    400000 : 3000;
	return (size_t)number * 7919 % most;
}

static char *
contents(int number)
{
	char *bytes = new_bytes(size_of(number) + 1);
	for (size_t i = 0; i < size_of(number); i++)
		bytes[i] = (char)((i * 31 + number) >> 3);
	return bytes;
}

static void
add(struct archive *archive, int number)
{
	struct archive_entry *entry = archive_entry_new();
	auto_free char *name = text("%d/%d", number % 5, number);
	auto_free char *bytes = contents(number);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, S_IFREG | 0644);
	archive_entry_set_uid(entry, getuid());
	archive_entry_set_gid(entry, getgid());
	archive_entry_set_size(entry, size_of(number));
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(archive, bytes, size_of(number)),
			 size_of(number));
	archive_entry_free(entry);
}

static int
make_tar(void **state)
{
	(void)state;
	tar = new_bytes(ROOM);
	struct archive *archive = archive_write_new();
	archive_write_set_format_ustar(archive);
	assert_int_equal(archive_write_open_memory(archive, tar, ROOM,
						   &tar_size), ARCHIVE_OK);
	for (int i = 0; i < FILES; i++)
		add(archive, i);
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	return mkdtemp(place) ? 0 : -1;
}

static int
remove_all(void **state)
{
	(void)state;
	free(tar);
	auto_close int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp, strrchr(place, '/') + 1);
}

/* The tar, in blocks of a size, each good until the next. */
struct memory {
	struct stream stream;
	size_t at, block;
	char *copy;
};

static ssize_t
memory_next(struct stream *stream, const void **block)
{
	struct memory *memory = (struct memory *)stream;
	size_t left = tar_size - memory->at;
	size_t size = left < memory->block ? left : memory->block;
	free(memory->copy);
	memory->copy = new_bytes(size);
	memcpy(memory->copy, tar + memory->at, size);
	*block = memory->copy;
	memory->at += size;
	return size;
}

static void
unpack(int dir, const char *name, size_t block, bool is_raw)
{
	struct memory memory = { { memory_next, NULL }, 0, block, NULL };
	struct recipe recipe;
	struct unpacking unpacking;
	assert_int_equal(mkdirat(dir, name, 0755), 0);
	auto_close int root = openat(dir, name, O_RDONLY | O_CLOEXEC);
	auto_free char *file = text("%s.recipe", name);
	assert_int_equal(recipe_open(&recipe, &memory.stream, dir, file), 0);
	recipe.is_raw = is_raw;
	unpacking_begin(&unpacking, root, MARKS_NAMES);
	unpacking.recipe = &recipe;
	if (layer_read_tar(&recipe.stream, &unpacking, NULL) < 0 ||
	    stream_drain(&recipe.stream) < 0 || recipe_finish(&recipe) < 0)
		fail_msg("%s", failure.text);
	unpacking_free(&unpacking);
	recipe_close(&recipe);
	free(memory.copy);
}

static void
compare(int dir, const char *name)
{
	struct recipe_reader reader;
	const void *block;
	ssize_t size;
	size_t at = 0;
	uint64_t announced;
	auto_close int root = openat(dir, name, O_RDONLY | O_CLOEXEC);
	assert_int_equal(recipe_read(&reader, dir, root, name), 0);
	while ((size = stream_next(&reader.stream, &block)) > 0) {
		assert_true(at + size <= tar_size);
		assert_memory_equal(block, tar + at, size);
		at += size;
	}
	assert_int_equal(size, 0);
	assert_int_equal(at, tar_size);
	recipe_reader_close(&reader);
	assert_int_equal(recipe_size(dir, name, &announced), 0);
	assert_int_equal(announced, tar_size);
}

static off_t
length_of(int dir, const char *name)
{
	struct stat st;
	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	return st.st_size;
}

static void
the_same_tar_comes_out(void **state)
{
	static const size_t blocks[] = { 256 * 1024, 10240, 700, 1000000 };
	(void)state;
	auto_close int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < countof(blocks); i++) {
		auto_free char *name = text("by%zu", blocks[i]);
		unpack(dir, name, blocks[i], false);
		compare(dir, name);
	}
	/* The files are not in it. */
	assert_true(length_of(dir, "by262144.recipe") < FILES * 50);
	unpack(dir, "raw", 256 * 1024, true);
	compare(dir, "raw");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_tar_comes_out),
	};
	return cmocka_run_group_tests(tests, make_tar, remove_all);
}
