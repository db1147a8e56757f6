/* recipe.c - see recipe.h.  Runs in mydocker-image. */
#include "recipe.h"

#include "safepath.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK_SIZE ((size_t)256 * 1024)
/* So much may wait for somebody to claim it; then it is written as it is. */
#define HELD_MAX ((size_t)1024 * 1024)
#define DAMAGED "its recipe is damaged: load the image again"

/* ---- writing ----------------------------------------------------------- */

static int
put(struct recipe *recipe, const void *bytes, size_t size)
{
	if (size > 0 && gzwrite(recipe->out, bytes, size) != (int)size)
		return fail("write the recipe of a layer");
	return 0;
}

/* The next `size` bytes wait no more: first those that are held. */
static void
let_go(struct recipe *recipe, size_t size)
{
	size_t held = size < recipe->count ? size : recipe->count;
	recipe->count -= held;
	memmove(recipe->held, recipe->held + held, recipe->count);
	if (size > held) {
		recipe->block += size - held;
		recipe->left -= size - held;
	}
}

/* Write down what waits, as far as `end`, a place in the tar. */
static int
put_raw(struct recipe *recipe, uint64_t end)
{
	size_t size = end > recipe->done ? end - recipe->done : 0;
	if (size == 0)
		return 0;
	size_t held = size < recipe->count ? size : recipe->count;
	auto_free char *line = text("raw %zu\n", size);
	if (put(recipe, line, strlen(line)) < 0 ||
	    put(recipe, recipe->held, held) < 0 ||
	    put(recipe, recipe->block, size - held) < 0)
		return -1;
	let_go(recipe, size);
	recipe->done = end;
	return 0;
}

/* The block will be another: hold what nobody has claimed of it, which is
 * hardly more than a header. */
static int
hold(struct recipe *recipe)
{
	if (recipe->count + recipe->left > HELD_MAX &&
	    put_raw(recipe, recipe->done + recipe->count) < 0)
		return -1;
	if (recipe->left > HELD_MAX)
		return failx("a block too large for a recipe");
	if (recipe->left > 0)
		memcpy(recipe->held + recipe->count, recipe->block,
		       recipe->left);
	recipe->count += recipe->left;
	recipe->left = 0;
	return 0;
}

static ssize_t
recipe_next(struct stream *stream, const void **block)
{
	struct recipe *recipe = (struct recipe *)stream;
	if (hold(recipe) < 0)
		return -1;
	ssize_t size = stream_next(recipe->from, block);
	if (size <= 0)
		return size;
	uint64_t begin = recipe->passed;
	recipe->passed += size;
	size_t known = recipe->done > begin ? recipe->done - begin : 0;
	if (known < (size_t)size) {
		recipe->block = (const char *)*block + known;
		recipe->left = size - known;
	}
	return size;
}

int
recipe_open(struct recipe *recipe, struct stream *from, int dir,
	    const char *name)
{
	*recipe = (struct recipe){ .stream = { recipe_next, NULL },
				   .from = from,
				   .held = new_bytes(HELD_MAX) };
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return fail("remove %s", name);
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL |
				   O_CLOEXEC, 0600);
	if (fd < 0)
		return fail("make the recipe of a layer");
	recipe->out = gzdopen(fd, "wb1");
	if (!recipe->out)
		return failx("zlib is out of memory");
	take_fd(&fd);
	return 0;
}

int
recipe_file(struct recipe *recipe, struct archive *archive, uint64_t size,
	    const char *path)
{
	/* Filter 0 is the one next to the tar: what it has given away. */
	uint64_t begin = archive_filter_bytes(archive, 0);
	if (recipe->is_raw)
		return 0;
	if (put_raw(recipe, begin) < 0)
		return -1;
	uint64_t end = begin + size;
	if (end <= recipe->done)
		return 0;
	uint64_t offset = recipe->done - begin;
	auto_free char *line =
		text("file %llu %llu %zu\n", (unsigned long long)offset,
		     (unsigned long long)(size - offset), strlen(path));
	if (put(recipe, line, strlen(line)) < 0 ||
	    put(recipe, path, strlen(path)) < 0)
		return -1;
	size_t waiting = recipe->count + recipe->left;
	let_go(recipe, end - recipe->done < waiting ? end - recipe->done :
						      waiting);
	recipe->done = end;
	return 0;
}

int
recipe_finish(struct recipe *recipe)
{
	if (put_raw(recipe, recipe->passed) < 0)
		return -1;
	int done = gzclose(take_ptr(&recipe->out));
	return done == Z_OK ? 0 : fail("write the recipe of a layer");
}

void
recipe_close(struct recipe *recipe)
{
	if (recipe->out)
		gzclose(take_ptr(&recipe->out));
	free(take_ptr(&recipe->held));
}

/* ---- reading ----------------------------------------------------------- */

struct record {
	bool is_file;
	uint64_t offset, size;
	size_t name; /* its length */
};

/* The next line: 1, or 0 at the end. */
static int
next_record(gzFile in, struct record *record)
{
	char line[80];
	unsigned long long offset = 0, size;
	int problem;
	if (!gzgets(in, line, sizeof(line))) {
		const char *reason = gzerror(in, &problem);
		return problem == Z_OK || problem == Z_STREAM_END ?
			       0 : failx("%s: %s", DAMAGED, reason);
	}
	*record = (struct record){ 0 };
	if (sscanf(line, "raw %llu", &size) != 1) {
		if (sscanf(line, "file %llu %llu %zu", &offset, &size,
			   &record->name) != 3 ||
		    record->name >= PATH_MAX)
			return failx(DAMAGED);
		record->is_file = true;
	}
	record->offset = offset;
	record->size = size;
	return 1;
}

/* Every record goes to the end of its file: one that is longer now is not the
 * file that it was, though its beginning may be. */
static int
open_file(struct recipe_reader *reader, const struct record *record)
{
	struct stat st;
	auto_free char *path = new_bytes(record->name + 1);
	if (gzread(reader->in, path, record->name) != (int)record->name)
		return failx(DAMAGED);
	reader->file = safepath_open(reader->layer, path,
				     O_RDONLY | O_NOFOLLOW);
	if (reader->file < 0 || fstat(reader->file, &st) < 0)
		return fail("open %.100s in the layer", path);
	if ((uint64_t)st.st_size != record->offset + record->size)
		return failx("%.100s was changed in the layer: load the image "
			     "again", path);
	return 0;
}

static ssize_t
reader_next(struct stream *stream, const void **block)
{
	struct recipe_reader *reader = (struct recipe_reader *)stream;
	struct record record;
	if (stream_interrupted)
		return failx("interrupted");
	while (reader->left == 0) {
		close_scoped(&reader->file);
		reader->file = -1;
		int more = next_record(reader->in, &record);
		if (more <= 0)
			return more;
		if (record.is_file && open_file(reader, &record) < 0)
			return -1;
		reader->offset = record.offset;
		reader->left = record.size;
	}
	size_t wanted = reader->left < BLOCK_SIZE ? reader->left : BLOCK_SIZE;
	ssize_t size = reader->file >= 0 ?
		pread(reader->file, reader->buffer, wanted, reader->offset) :
		gzread(reader->in, reader->buffer, wanted);
	if (size < 0)
		return fail("read the layer");
	if (size == 0)
		return failx("a file of the layer is shorter than it was: "
			     "load the image again");
	reader->offset += size;
	reader->left -= size;
	*block = reader->buffer;
	return size;
}

static int
open_recipe(gzFile *in, int layers, const char *hex)
{
	auto_free char *name = text("%s.recipe", hex);
	auto_close int fd = openat(layers, name,
				   O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("open %.20s...recipe, by which layer %.12s would "
			    "become a tar again (load the image again)", name,
			    hex);
	*in = gzdopen(fd, "rb");
	if (!*in)
		return failx("zlib is out of memory");
	take_fd(&fd);
	return 0;
}

int
recipe_read(struct recipe_reader *reader, int layers, int layer,
	    const char *hex)
{
	*reader = (struct recipe_reader){ .stream = { reader_next, NULL },
					  .layer = layer, .file = -1,
					  .buffer = new_bytes(BLOCK_SIZE) };
	return open_recipe(&reader->in, layers, hex);
}

int
recipe_size(int layers, const char *hex, uint64_t *size)
{
	gzFile in = NULL;
	struct record record;
	int more = open_recipe(&in, layers, hex);
	*size = 0;
	if (more == 0)
		more = next_record(in, &record);
	while (more > 0) {
		*size += record.size;
		uint64_t pass = record.is_file ? record.name : record.size;
		more = gzseek(in, pass, SEEK_CUR) < 0 ?
			       failx(DAMAGED) : next_record(in, &record);
	}
	if (in)
		gzclose(in);
	return more;
}

void
recipe_reader_close(struct recipe_reader *reader)
{
	if (reader->in)
		gzclose(take_ptr(&reader->in));
	close_scoped(&reader->file);
	reader->file = -1;
	free(take_ptr(&reader->buffer));
}
