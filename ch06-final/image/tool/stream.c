/* stream.c - see stream.h.  Runs in mydocker-image. */
#include "stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)256 * 1024)
#define TAR_RECORD ((size_t)512)

volatile sig_atomic_t stream_interrupted;

ssize_t
stream_next(struct stream *stream, const void **block)
{
	return stream->next(stream, block);
}

int
stream_drain(struct stream *stream)
{
	const void *block;
	ssize_t size;
	while ((size = stream_next(stream, &block)) > 0)
		continue;
	return size < 0 ? -1 : 0;
}

/* ---- a file ------------------------------------------------------------ */

static ssize_t
file_next(struct stream *stream, const void **block)
{
	struct file_stream *file = (struct file_stream *)stream;
	ssize_t size;
	do {
		if (stream_interrupted)
			return failx("interrupted");
		size = file->offset < 0 ?
			read(file->fd, file->buffer, BLOCK_SIZE) :
			pread(file->fd, file->buffer, BLOCK_SIZE,
			      file->offset);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return fail("read %s", file->name);
	if (file->offset >= 0)
		file->offset += size;
	*block = file->buffer;
	return size;
}

static int64_t
file_skip(struct stream *stream, int64_t size)
{
	struct file_stream *file = (struct file_stream *)stream;
	struct stat st;
	/* Beyond the end nothing can be passed over: a file that was cut
	 * short must be noticed. */
	if (fstat(file->fd, &st) < 0 || st.st_size <= file->offset)
		return 0;
	if (size > st.st_size - file->offset)
		size = st.st_size - file->offset;
	file->offset += size;
	return size;
}

void
file_stream_open(struct file_stream *file, int fd, const char *name,
		 off_t offset)
{
	*file = (struct file_stream){
		.stream = { file_next, offset < 0 ? NULL : file_skip },
		.fd = fd,
		.name = name,
		.offset = offset,
		.buffer = new_bytes(BLOCK_SIZE),
	};
}

void
file_stream_close(struct file_stream *file)
{
	free(take_ptr(&file->buffer));
}

/* ---- a digest of what passes ------------------------------------------- */

static ssize_t
digest_next(struct stream *stream, const void **block)
{
	static const char zeros[TAR_RECORD];
	struct digest_stream *digest = (struct digest_stream *)stream;
	ssize_t size = stream_next(digest->from, block);
	if (size <= 0)
		return size;
	digest->size += size;
	if ((size_t)size >= TAR_RECORD)
		digest->ends_with_zeros =
			memcmp((const char *)*block + size - TAR_RECORD,
			       zeros, TAR_RECORD) == 0;
	else if (memcmp(*block, zeros, size) != 0)
		digest->ends_with_zeros = false;
	if (digest_add(&digest->digest, *block, size) < 0)
		return -1;
	return size;
}

int
digest_stream_open(struct digest_stream *digest, struct stream *from)
{
	*digest = (struct digest_stream){ .stream = { digest_next, NULL },
					  .from = from };
	return digest_begin(&digest->digest);
}

int
digest_stream_end(struct digest_stream *digest, char hex[65])
{
	if (stream_drain(&digest->stream) < 0)
		return -1;
	return digest_end(&digest->digest, hex);
}

void
digest_stream_close(struct digest_stream *digest)
{
	digest_free(&digest->digest);
}

/* ---- libarchive on top of a stream ------------------------------------- */

/* Sets no error of libarchive's: ours is in `failure`, marked by its code. */
static la_ssize_t
archive_next(struct archive *archive, void *data, const void **block)
{
	ssize_t size = stream_next(data, block);
	if (size < 0)
		archive_set_error(archive, EIO, "%s", failure.text);
	return size;
}

static la_int64_t
archive_skip(struct archive *archive, void *data, la_int64_t size)
{
	struct stream *stream = data;
	(void)archive;
	return stream->skip ? stream->skip(stream, size) : 0;
}

int
stream_open_archive(struct archive *archive, struct stream *from)
{
	failure = (struct failure){ 0 };
	if (archive_read_open2(archive, from, NULL, archive_next, archive_skip,
			       NULL) != ARCHIVE_OK)
		return stream_fail(archive, "read");
	return 0;
}

/* libarchive's texts begin with a capital; ours do not. */
int
stream_fail(struct archive *archive, const char *what)
{
	const char *reason = archive_error_string(archive);
	/* The stream below failed: its own words say it best. */
	if (failure.text[0] && reason && strcmp(reason, failure.text) == 0)
		return -1;
	int code = archive_errno(archive);
	failx("%s: %s", what, reason ? reason : "unknown error");
	failure.code = code > 0 ? code : 0;
	return -1;
}

/* ---- decompression ----------------------------------------------------- */

static ssize_t
plain_next(struct stream *stream, const void **block)
{
	struct plain_stream *plain = (struct plain_stream *)stream;
	size_t size = 0;
	la_int64_t offset;
	while (!plain->at_end && size == 0) {
		int result = archive_read_data_block(plain->archive, block,
						     &size, &offset);
		if (result == ARCHIVE_EOF)
			plain->at_end = true;
		else if (result != ARCHIVE_OK)
			return stream_fail(plain->archive, "decompress");
	}
	return plain->at_end ? 0 : (ssize_t)size;
}

int
plain_stream_open(struct plain_stream *plain, struct stream *from)
{
	*plain = (struct plain_stream){ .stream = { plain_next, NULL },
					.from = from,
					.archive = archive_read_new() };
	struct archive *archive = plain->archive;
	struct archive_entry *entry;
	if (!archive)
		return failx("libarchive is out of memory");
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_format_raw(archive);
	archive_read_support_format_empty(archive);
	if (stream_open_archive(archive, from) < 0) {
		plain_stream_close(plain);
		return -1;
	}
	int result = archive_read_next_header(archive, &entry);
	if (result != ARCHIVE_OK && result != ARCHIVE_EOF) {
		stream_fail(archive, "decompress");
		plain_stream_close(plain);
		return -1;
	}
	plain->at_end = result == ARCHIVE_EOF;
	/* libarchive counts the file itself as the last filter. */
	plain->is_compressed = archive_filter_count(archive) > 1;
	return 0;
}

void
plain_stream_close(struct plain_stream *plain)
{
	archive_read_free(plain->archive);
	plain->archive = NULL;
}
