/* bundle.c - see bundle.h.  Runs in mydocker-image. */
#include "bundle.h"

#include "allowance.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX ((size_t)100000)
#define TEXT_MAX ((uint64_t)8 * 1024 * 1024)
#define LINKS_MAX 8
#define NO_TAR "not a tar archive, or damaged"

/* ---- the file ---------------------------------------------------------- */

static int
write_block(int fd, const char *block, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, block, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail("write a copy of the archive");
		block += done;
		size -= done;
	}
	return 0;
}

/* Does it begin with a header, which has a name and a checksum?  Otherwise a
 * disk could be filled with what is no archive at all. */
static bool
is_tar(int fd)
{
	char header[512];
	return pread(fd, header, sizeof(header), 0) == sizeof(header) &&
	       header[0] != '\0' && strspn(header + 148, " 01234567") >= 6;
}

/* The plain bytes, in a file without a name: it ends with us. */
static int
spool(struct stream *from, int scratch)
{
	auto_close int fd = openat(scratch, "spool",
				   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || unlinkat(scratch, "spool", 0) < 0)
		return fail("make a file for a copy of the archive");
	const void *block;
	ssize_t size;
	off_t written = 0;
	struct allowance allowance;
	allowance_begin(&allowance, scratch);
	while ((size = stream_next(from, &block)) > 0) {
		if (allowance_bytes(&allowance, size) < 0 ||
		    write_block(fd, block, size) < 0)
			return -1;
		if (written < 512 && written + size >= 512 &&
		    !is_tar(fd))
			return failx(NO_TAR);
		written += size;
	}
	return size < 0 ? -1 : take_fd(&fd);
}

int
bundle_seekable(int fd, const char *name, int scratch)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", name);
	if (S_ISDIR(st.st_mode))
		return failx("%s is a directory", name);
	bool is_file = S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
	struct file_stream file;
	struct plain_stream plain;
	file_stream_open(&file, fd, name, is_file ? 0 : -1);
	int result = plain_stream_open(&plain, &file.stream);
	if (result == 0) {
		if (is_file && !plain.is_compressed)
			result = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		else
			result = spool(&plain.stream, scratch);
		plain_stream_close(&plain);
	}
	file_stream_close(&file);
	return result;
}

/* ---- the index --------------------------------------------------------- */

static const char *
without_dot(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2 + strspn(name + 2, "/");
	return name;
}

static void
add_entry(struct bundle *bundle, struct archive *archive,
	  struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);
	const char *hard = archive_entry_hardlink(entry);
	const char *soft = archive_entry_symlink(entry);
	bool is_file = archive_entry_filetype(entry) == AE_IFREG;
	if (!name || !(hard || soft || is_file))
		return;
	if ((bundle->count & (bundle->count - 1)) == 0)
		bundle->entries =
			resize_bytes(bundle->entries,
				     (bundle->count ? bundle->count * 2 : 1) *
					     sizeof(*bundle->entries));
	const char *target = hard ? hard : soft;
	bundle->entries[bundle->count++] = (struct bundle_entry){
		.name = copy_text(without_dot(name)),
		.target = target ? copy_text(target) : NULL,
		.is_symlink = !hard && soft,
		.offset = archive_read_header_position(archive),
		.size = archive_entry_size(entry),
	};
}

static int
read_headers(struct bundle *bundle, struct archive *archive)
{
	struct archive_entry *entry;
	int result;
	while ((result = archive_read_next_header(archive, &entry)) ==
		       ARCHIVE_OK || result == ARCHIVE_WARN) {
		if (bundle->count == ENTRIES_MAX)
			return failx("more than %zu entries, too many for an "
				     "archive of images", ENTRIES_MAX);
		add_entry(bundle, archive, entry);
	}
	return result == ARCHIVE_EOF ? 0 : stream_fail(archive, NO_TAR);
}

static int
make_index(struct bundle *bundle)
{
	struct file_stream file;
	struct archive *archive = archive_read_new();
	file_stream_open(&file, bundle->fd, bundle->name, 0);
	int result = archive ? 0 : failx("libarchive is out of memory");
	if (result == 0) {
		archive_read_support_format_tar(archive);
		archive_read_support_format_empty(archive);
		result = stream_open_archive(archive, &file.stream, NO_TAR);
	}
	if (result == 0)
		result = read_headers(bundle, archive);
	archive_read_free(archive);
	file_stream_close(&file);
	return result;
}

int
bundle_open(struct bundle *bundle, int fd, const char *name, int scratch)
{
	*bundle = (struct bundle){ .fd = -1, .name = name };
	bundle->fd = bundle_seekable(fd, name, scratch);
	if (bundle->fd < 0)
		return -1;
	if (make_index(bundle) < 0) {
		bundle_close(bundle);
		return -1;
	}
	return 0;
}

void
bundle_close(struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->count; i++) {
		free(bundle->entries[i].name);
		free(bundle->entries[i].target);
	}
	free(take_ptr(&bundle->entries));
	bundle->count = 0;
	close_scoped(&bundle->fd);
}

/* ---- looking up -------------------------------------------------------- */

static const struct bundle_entry *
find_name(const struct bundle *bundle, const char *name)
{
	for (size_t i = bundle->count; i > 0; i--)
		if (strcmp(bundle->entries[i - 1].name, name) == 0)
			return &bundle->entries[i - 1];
	return NULL;
}

/* "../ID/layer.tar", seen from "ID2/layer.tar", is "ID/layer.tar".  NULL for
 * what leads out of the archive. */
static char *
target_name(const struct bundle_entry *entry)
{
	const char *target = entry->target;
	if (!entry->is_symlink)
		return copy_text(without_dot(target));
	if (target[0] == '/')
		return NULL;
	char *slash = strrchr(entry->name, '/');
	size_t depth = slash ? (size_t)(slash - entry->name) : 0;
	for (;; target += 2 + strspn(target + 2, "/")) {
		target = without_dot(target);
		if (strncmp(target, "../", 3) != 0)
			break;
		if (depth == 0)
			return NULL;
		while (depth > 0 && entry->name[--depth] != '/')
			continue;
	}
	if (depth == 0)
		return copy_text(target);
	return text("%.*s/%s", (int)depth, entry->name, target);
}

const struct bundle_entry *
bundle_find(const struct bundle *bundle, const char *name)
{
	const struct bundle_entry *entry =
		find_name(bundle, without_dot(name));
	for (int links = 0; entry && entry->target; links++) {
		auto_free char *target = target_name(entry);
		if (!target || links == LINKS_MAX)
			return NULL;
		entry = find_name(bundle, target);
	}
	return entry;
}

/* ---- reading ----------------------------------------------------------- */

static ssize_t
entry_next(struct stream *stream, const void **block)
{
	struct entry_stream *entry = (struct entry_stream *)stream;
	size_t size = 0;
	la_int64_t offset = 0;
	do {
		int result = archive_read_data_block(entry->archive, block,
						     &size, &offset);
		if (result == ARCHIVE_EOF)
			return 0;
		if (result != ARCHIVE_OK)
			return stream_fail(entry->archive, entry->name);
	} while (size == 0);
	/* A hole may pretend to any length; no tool writes layers so. */
	if (offset != entry->position)
		return failx("%s is a sparse file within the archive",
			     entry->name);
	entry->position += size;
	return size;
}

int
entry_stream_open(struct entry_stream *stream, const struct bundle *bundle,
		  const struct bundle_entry *entry)
{
	*stream = (struct entry_stream){ .stream = { entry_next, NULL },
					 .name = entry->name,
					 .archive = archive_read_new() };
	file_stream_open(&stream->file, bundle->fd, bundle->name,
			 entry->offset);
	if (!stream->archive)
		return failx("libarchive is out of memory");
	archive_read_support_format_tar(stream->archive);
	struct archive_entry *header;
	int result = stream_open_archive(stream->archive, &stream->file.stream,
					 entry->name);
	if (result == 0) {
		result = archive_read_next_header(stream->archive, &header);
		if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
			return 0;
		stream_fail(stream->archive, entry->name);
	}
	entry_stream_close(stream);
	return -1;
}

void
entry_stream_close(struct entry_stream *stream)
{
	archive_read_free(stream->archive);
	stream->archive = NULL;
	file_stream_close(&stream->file);
}

char *
bundle_read(const struct bundle *bundle, const struct bundle_entry *entry,
	    size_t *length)
{
	if (entry->size > TEXT_MAX) {
		failx("%s has %llu bytes, too many for what it should be",
		      entry->name, (unsigned long long)entry->size);
		return NULL;
	}
	struct entry_stream stream;
	if (entry_stream_open(&stream, bundle, entry) < 0)
		return NULL;
	auto_free char *content = new_bytes(entry->size + 1);
	const void *block;
	ssize_t size;
	*length = 0;
	while ((size = stream_next(&stream.stream, &block)) > 0 &&
	       size <= (ssize_t)(entry->size - *length)) {
		memcpy(content + *length, block, size);
		*length += size;
	}
	entry_stream_close(&stream);
	if (size > 0)
		failx("%s is longer than its header says", entry->name);
	return size == 0 ? take_ptr(&content) : NULL;
}
