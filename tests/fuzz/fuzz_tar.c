/*
 * fuzz_tar.c - a layer from anybody, compressed or not, unpacked into a cell.
 *
 * The sums in the headers are put right first: a fuzzer does not guess them,
 * and whoever means harm writes right ones.
 */
#include "cell.h"

#include "entry.h"
#include "layer.h"
#include "stream.h"

#define RECORD 512
#define SUM 148
#define MAGIC 257

/* A stream of bytes that are there, in pieces. */
struct memory {
	struct stream stream;
	const char *bytes;
	size_t left;
};

static ssize_t
next(struct stream *stream, const void **block)
{
	struct memory *memory = (struct memory *)stream;
	size_t size = memory->left < 700 ? memory->left : 700;
	*block = memory->bytes;
	memory->bytes += size;
	memory->left -= size;
	return size;
}

static void
put_sums_right(char *bytes, size_t size)
{
	for (size_t at = 0; at + RECORD <= size; at += RECORD) {
		char *header = bytes + at;
		unsigned int sum = 0;
		if (memcmp(header + MAGIC, "ustar", 5) != 0)
			continue;
		memset(header + SUM, ' ', 8);
		for (size_t i = 0; i < RECORD; i++)
			sum += (unsigned char)header[i];
		snprintf(header + SUM, 8, "%06o", sum);
	}
}

static void
unpack(const char *bytes, size_t size, enum marks marks)
{
	struct memory memory = { { next, NULL }, bytes, size };
	struct plain_stream plain;
	struct unpacking unpacking;
	int root = cell_begin();
	failure = (struct failure){ 0 };
	unpacking_begin(&unpacking, root, marks);
	if (plain_stream_open(&plain, &memory.stream) == 0) {
		hold(layer_read_tar(&plain.stream, &unpacking, NULL) == 0 ||
		     failure.text[0]);
		plain_stream_close(&plain);
	} else {
		hold(failure.text[0]);
	}
	unpacking_free(&unpacking);
	cell_end(root);
}

int
fuzz(const uint8_t *data, size_t size)
{
	auto_free char *bytes = fuzz_bytes(data, size);
	put_sums_right(bytes, size);
	unpack(bytes, size, marks_of_overlay());
	unpack(bytes, size, MARKS_NAMES);
	return 0;
}
