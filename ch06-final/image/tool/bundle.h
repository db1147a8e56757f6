/*
 * bundle.h - the archive that holds images: a tar with JSON files and layers
 * in it, in any order.
 *
 * It is read by looking things up, so it has to be a file that can be read
 * from any place: one that comes through a pipe or is compressed is first
 * written, plain, to an unnamed file in the scratch directory of the store.
 * Then one pass over the headers makes an index, and entries are read where
 * they are.  Nothing of the archive's own names ever becomes a path on disk.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "stream.h"

struct bundle_entry {
	char *name;	/* without a leading "./" */
	char *target;	/* of a link, as written; NULL for a file */
	bool is_symlink;
	int64_t offset; /* of its header */
	uint64_t size;
};

struct bundle {
	int fd;
	const char *name; /* for messages; the caller's */
	struct bundle_entry *entries;
	size_t count;
};

/* A descriptor that can be read from any place: `fd` once more when it is a
 * plain, uncompressed file, otherwise a plain copy. */
int bundle_seekable(int fd, const char *name, int scratch);

/* Index the archive that `fd` reads; `scratch` is a directory to put a copy
 * in when one is needed.  `fd` must stay open as long as the bundle. */
int bundle_open(struct bundle *bundle, int fd, const char *name, int scratch);
/* May be called twice. */
void bundle_close(struct bundle *bundle);

/*
 * The file with this name; links within the archive are followed, as old
 * `docker save` wrote them for a layer that two images share.  Of two entries
 * with one name the later counts, as for tar.  NULL, and no failure, when
 * there is none.
 */
const struct bundle_entry *bundle_find(const struct bundle *bundle,
				       const char *name);

/* A small file as a text; NULL on failure.  The caller frees. */
char *bundle_read(const struct bundle *bundle,
		  const struct bundle_entry *entry, size_t *length);

/* The bytes of a file, as a stream. */
struct entry_stream {
	struct stream stream;
	struct file_stream file;
	struct archive *archive;
	const char *name;
	int64_t position;
};
int entry_stream_open(struct entry_stream *stream, const struct bundle *bundle,
		      const struct bundle_entry *entry);
void entry_stream_close(struct entry_stream *stream);

#endif
