/* layer.c - see layer.h.  Runs in mydocker-image. */
#include "layer.h"

#include "entry.h"
#include "stage.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define NO_TAR "not a tar archive, or damaged"

/*
 * Names are bytes.  In the C locale, in which this program stays, libarchive
 * passes them on as they are and only remarks that it could not convert those
 * that are not ASCII.  (In a UTF-8 locale it would be silent and normalize
 * them: "e" and a combining accent became one character, another file.)
 */
static bool
is_only_a_remark(struct archive *archive)
{
	const char *remark = archive_error_string(archive);
	return remark && strstr(remark, "can't be converted");
}

static int
write_entries(struct archive *archive, struct unpacking *unpacking)
{
	for (;;) {
		struct archive_entry *entry;
		int result = archive_read_next_header(archive, &entry);
		if (result == ARCHIVE_EOF)
			return 0;
		if (result != ARCHIVE_OK &&
		    !(result == ARCHIVE_WARN && is_only_a_remark(archive)))
			return stream_fail(archive, NO_TAR);
		if (entry_write(unpacking, archive, entry) < 0)
			return -1;
	}
}

static int
read_tar(struct stream *from, struct unpacking *unpacking)
{
	struct archive *archive = archive_read_new();
	if (!archive)
		return failx("libarchive is out of memory");
	archive_read_support_format_tar(archive);
	archive_read_support_format_empty(archive);
	int result = stream_open_archive(archive, from, NO_TAR);
	if (result == 0)
		result = write_entries(archive, unpacking);
	archive_read_free(archive);
	return result < 0 ? -1 : unpacking_finish(unpacking);
}

int
layer_unpack(struct stream *from, int dir, enum marks marks,
	     struct layer *layer)
{
	struct plain_stream plain;
	struct digest_stream digest;
	struct unpacking unpacking;
	if (plain_stream_open(&plain, from) < 0)
		return -1;
	int result = digest_stream_open(&digest, &plain.stream);
	if (result == 0) {
		unpacking_begin(&unpacking, dir, marks);
		result = read_tar(&digest.stream, &unpacking);
		/* What follows the end of the tar is part of the digest. */
		if (result == 0)
			result = digest_stream_end(&digest, layer->diff_id);
		layer->size = unpacking.size;
		layer->has_end = digest.ends_with_zeros;
		unpacking_free(&unpacking);
	}
	digest_stream_close(&digest);
	plain_stream_close(&plain);
	/* The compressed bytes have a digest, too. */
	return result < 0 ? -1 : stream_drain(from);
}

int
layer_stage(struct stage *stage, struct stream *from, const char *expected,
	    struct layer *layer)
{
	auto_close int dir = stage_begin_layer(stage);
	enum marks marks = storage_marks(stage->store->driver);
	if (dir < 0 || layer_unpack(from, dir, marks, layer) < 0)
		return -1;
	if (expected && strcmp(layer->diff_id, expected) != 0)
		return failx("its content has the digest sha256:%s, which is "
			     "not what the image says", layer->diff_id);
	return 0;
}
