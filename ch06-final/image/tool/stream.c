/* stream.c - see stream.h.  Runs in mydocker-image. */
#include "stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK_SIZE ((size_t)256 * 1024)
#define TAR_RECORD ((size_t)512)
/* A tape has blocks; nothing has larger ones. */
#define TAIL_MAX (16ULL * 1024 * 1024)

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

int
stream_pass_tail(struct stream *stream)
{
	const void *block;
	ssize_t size;
	uint64_t passed = 0;
	while ((size = stream_next(stream, &block)) > 0) {
		passed += size;
		if (passed > TAIL_MAX)
			return failx("it goes on for more than %llu bytes "
				     "after its end", TAIL_MAX);
	}
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
	if (stream_pass_tail(&digest->stream) < 0)
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
stream_open_archive(struct archive *archive, struct stream *from,
		    const char *what)
{
	failure = (struct failure){ 0 };
	if (archive_read_open2(archive, from, NULL, archive_next, archive_skip,
			       NULL) != ARCHIVE_OK)
		return stream_fail(archive, what);
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

/* ---- gzip -------------------------------------------------------------- */

/* More input for zlib: 1, or 0 at the end. */
static int
refill(struct plain_stream *plain)
{
	z_stream *gzip = plain->gzip;
	const void *block = plain->first;
	ssize_t size = plain->first_size;
	plain->first_size = 0;
	if (size == 0)
		size = stream_next(plain->from, &block);
	if (size <= 0)
		return size;
	/* zlib does not write there, whatever its type says. */
	gzip->next_in = (Bytef *)(uintptr_t)block;
	gzip->avail_in = size;
	return 1;
}

/* After a member: another one, as `cat a.gz b.gz` makes, or the end, perhaps
 * with zeros to fill a block of a tape.  1 to go on, 0 at the end. */
static int
next_member(struct plain_stream *plain)
{
	z_stream *gzip = plain->gzip;
	for (;;) {
		while (gzip->avail_in > 0 && *gzip->next_in == 0) {
			gzip->next_in++;
			gzip->avail_in--;
		}
		if (gzip->avail_in > 0)
			break;
		int more = refill(plain);
		if (more <= 0)
			return more;
	}
	if (inflateReset(gzip) != Z_OK)
		return failx("decompress: zlib cannot go on");
	return 1;
}

static ssize_t
gzip_next(struct stream *stream, const void **block)
{
	struct plain_stream *plain = (struct plain_stream *)stream;
	z_stream *gzip = plain->gzip;
	gzip->next_out = (Bytef *)plain->buffer;
	gzip->avail_out = BLOCK_SIZE;
	while (!plain->at_end && gzip->avail_out > 0) {
		int more = gzip->avail_in > 0 ? 1 : refill(plain);
		if (more < 0)
			return -1;
		if (more == 0)
			return failx("decompress: the gzip data break off");
		int result = inflate(gzip, Z_NO_FLUSH);
		if (result == Z_STREAM_END) {
			more = next_member(plain);
			if (more < 0)
				return -1;
			plain->at_end = more == 0;
		} else if (result != Z_OK) {
			return failx("decompress: damaged gzip data: %s",
				     gzip->msg ? gzip->msg : "unknown error");
		}
	}
	*block = plain->buffer;
	return BLOCK_SIZE - gzip->avail_out;
}

static int
open_gzip(struct plain_stream *plain)
{
	plain->gzip = new_bytes(sizeof(*plain->gzip));
	plain->buffer = new_bytes(BLOCK_SIZE);
	plain->stream.next = gzip_next;
	plain->is_compressed = true;
	/* 15 bits is the largest window, 16 more mean gzip. */
	if (inflateInit2(plain->gzip, 15 + 16) != Z_OK)
		return failx("zlib is out of memory");
	return 0;
}

/* ---- the other ways of compression ------------------------------------- */

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

/* The stream below, its first block once more. */
static la_ssize_t
packed_next(struct archive *archive, void *data, const void **block)
{
	struct plain_stream *plain = data;
	ssize_t size = plain->first_size;
	*block = plain->first;
	plain->first_size = 0;
	return size > 0 ? size : archive_next(archive, plain->from, block);
}

static int
open_other(struct plain_stream *plain)
{
	struct archive *archive = plain->archive = archive_read_new();
	struct archive_entry *entry;
	if (!archive)
		return failx("libarchive is out of memory");
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_format_raw(archive);
	archive_read_support_format_empty(archive);
	failure = (struct failure){ 0 };
	if (archive_read_open(archive, plain, NULL, packed_next, NULL) !=
	    ARCHIVE_OK)
		return stream_fail(archive, "decompress");
	int result = archive_read_next_header(archive, &entry);
	if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
		return stream_fail(archive, "decompress");
	plain->at_end = result == ARCHIVE_EOF;
	/* libarchive counts the file itself as the last filter. */
	plain->is_compressed = archive_filter_count(archive) > 1;
	return 0;
}

int
plain_stream_open(struct plain_stream *plain, struct stream *from)
{
	*plain = (struct plain_stream){ .stream = { plain_next, NULL },
					.from = from };
	plain->first_size = stream_next(from, &plain->first);
	if (plain->first_size < 0)
		return -1;
	bool is_gzip = plain->first_size >= 2 &&
		       memcmp(plain->first, "\x1f\x8b", 2) == 0;
	if ((is_gzip ? open_gzip(plain) : open_other(plain)) < 0) {
		plain_stream_close(plain);
		return -1;
	}
	return 0;
}

void
plain_stream_close(struct plain_stream *plain)
{
	archive_read_free(plain->archive);
	plain->archive = NULL;
	if (plain->gzip)
		inflateEnd(plain->gzip);
	free(take_ptr(&plain->gzip));
	free(take_ptr(&plain->buffer));
}
