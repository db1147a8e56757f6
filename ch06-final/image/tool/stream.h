/*
 * stream.h - bytes that flow through filters: a file, the digest of what
 * passes, its decompression.
 *
 *	file -> digest (of the blob) -> plain -> digest (of the tar) -> tar
 *
 * (On the way of a layer ahead.h and recipe.h stand between the last two.)
 *
 * Each stream is read by stream_next(), which hands out whatever came as one
 * block; each filter is made on top of another stream, which must outlive it.
 */
#ifndef STREAM_H
#define STREAM_H

#include "digest.h"

#include <signal.h>

struct archive;

struct stream {
	/* As stream_next(). */
	ssize_t (*next)(struct stream *stream, const void **block);
	/* Pass over up to `size` bytes, and say over how many; NULL where
	 * that is no faster than reading them. */
	int64_t (*skip)(struct stream *stream, int64_t size);
};

/* The next block: its size, 0 at the end, -1 on failure.  It is the stream's,
 * and good until the next call. */
ssize_t stream_next(struct stream *stream, const void **block);
/* Read what is left; a digest is complete only then. */
int stream_drain(struct stream *stream);
/* The same behind the end of an archive, which must not be far from its own:
 * 16 MiB at most. */
int stream_pass_tail(struct stream *stream);

/* Set by a signal handler: every stream then fails at its next block. */
extern volatile sig_atomic_t stream_interrupted;

/* A part of a file from `offset` on; with `offset` -1 wherever it stands, for
 * pipes.  `name` is for messages and must outlive it. */
struct file_stream {
	struct stream stream;
	int fd;
	const char *name;
	off_t offset;
	char *buffer;
};
void file_stream_open(struct file_stream *file, int fd, const char *name,
		      off_t offset);
void file_stream_close(struct file_stream *file);

/* Everything that passes is added to a digest. */
struct digest_stream {
	struct stream stream;
	struct stream *from;
	struct digest digest;
	uint64_t size; /* bytes that passed */
	/* The last bytes that passed: a complete tar ends with zeros. */
	bool ends_with_zeros;
};
int digest_stream_open(struct digest_stream *digest, struct stream *from);
/* Pass what is left (stream_pass_tail()), and say what the digest is. */
int digest_stream_end(struct digest_stream *digest, char hex[65]);
void digest_stream_close(struct digest_stream *digest);

/*
 * gzip, zstd, xz, bzip2 or nothing at all: what comes out is plain.
 *
 * gzip is undone by zlib itself: libarchive passes over the checksum at its
 * end, and without that a damaged file would go unnoticed.
 */
struct plain_stream {
	struct stream stream;
	struct stream *from;
	const void *first; /* the block that told the kind, not yet passed on */
	ssize_t first_size;
	struct archive *archive;
	struct z_stream_s *gzip; /* instead of `archive` */
	char *buffer;		 /* what zlib writes to */
	bool is_compressed;	 /* known after opening */
	bool at_end;
};
int plain_stream_open(struct plain_stream *plain, struct stream *from);
void plain_stream_close(struct plain_stream *plain);

/* Let libarchive read a stream: to be followed by its read_next_header.
 * `what` is said when it cannot. */
int stream_open_archive(struct archive *archive, struct stream *from,
			const char *what);
/* A failure that libarchive reports; keeps the reason of the stream below. */
int stream_fail(struct archive *archive, const char *what);

#endif
