/* layer.c - see layer.h.  Runs in mydocker-image. */
#include "layer.h"

#include "ahead.h"
#include "entry.h"
#include "recipe.h"
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

int
layer_read_tar(struct stream *from, struct unpacking *unpacking,
	       uint64_t *bytes)
{
	struct archive *archive = archive_read_new();
	if (!archive)
		return failx("libarchive is out of memory");
	archive_read_support_format_tar(archive);
	archive_read_support_format_empty(archive);
	int result = stream_open_archive(archive, from, NO_TAR);
	if (result == 0)
		result = write_entries(archive, unpacking);
	if (bytes)
		*bytes = archive_filter_bytes(archive, 0);
	archive_read_free(archive);
	return result < 0 ? -1 : unpacking_finish(unpacking);
}

/* Its recipe, its files. */
static int
unpack(struct stream *tar, int scratch, struct unpacking *unpacking,
       struct layer *layer)
{
	struct recipe recipe = { 0 };
	int result = recipe_open(&recipe, tar, scratch, STAGE_RECIPE);
	recipe.is_raw = layer->is_raw;
	unpacking->recipe = &recipe;
	if (result == 0)
		result = layer_read_tar(&recipe.stream, unpacking, NULL);
	/* What follows the end of the tar is part of the digest. */
	if (result == 0)
		result = stream_pass_tail(&recipe.stream);
	if (result == 0)
		result = recipe_finish(&recipe);
	layer->size = unpacking->size;
	layer->has_replaced = unpacking->has_replaced;
	recipe_close(&recipe);
	return result;
}

/* The same with the digest, which a thread adds up meanwhile. */
static int
unpack_and_digest(struct stream *plain, int scratch,
		  struct unpacking *unpacking, struct layer *layer)
{
	struct digest_stream digest;
	struct ahead_stream ahead = { 0 };
	int result = digest_stream_open(&digest, plain);
	if (result == 0)
		result = ahead_stream_open(&ahead, &digest.stream);
	if (result == 0)
		result = unpack(&ahead.stream, scratch, unpacking, layer);
	ahead_stream_close(&ahead);
	layer->has_end = digest.ends_with_zeros;
	if (result == 0)
		result = digest_stream_end(&digest, layer->diff_id);
	digest_stream_close(&digest);
	return result;
}

int
layer_stage(struct stage *stage, struct stream *from,
	    const char *expected, struct layer *layer)
{
	struct plain_stream plain;
	struct unpacking unpacking;
	auto_close int dir = stage_begin_layer(stage);
	if (dir < 0 || plain_stream_open(&plain, from) < 0)
		return -1;
	unpacking_begin(&unpacking, dir, storage_marks(stage->store->driver));
	int result = unpack_and_digest(&plain.stream, stage->scratch.dir,
				       &unpacking, layer);
	layer->is_compressed = plain.is_compressed;
	unpacking_free(&unpacking);
	plain_stream_close(&plain);
	/* The compressed bytes have a digest, too. */
	if (result < 0 || stream_drain(from) < 0)
		return -1;
	if (expected && strcmp(layer->diff_id, expected) != 0)
		return failx("its content has the digest sha256:%s, which is "
			     "not what the image says", layer->diff_id);
	return 0;
}
