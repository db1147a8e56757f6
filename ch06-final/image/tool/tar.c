/* tar.c - see tar.h.  Runs in mydocker-image. */
#include "tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "digest.h"
#include "entry.h"
#include "layer.h"
#include "safepath.h"

#define BLOCK_SIZE ((size_t)256 * 1024)

struct writer {
	const struct tar_source *source;
	struct archive *archive;
	struct archive_entry_linkresolver *links;
	char *buffer;
	uint64_t mount; /* that it began on */
	struct digest *digest; /* of it, and then it is not written; or NULL */
};

/* ---- what is put into a header ------------------------------------------ */

/* Overlay's bookkeeping says nothing outside of its layers; labels belong to
 * the machine. */
static bool
is_kept(const char *name)
{
	return strncmp(name, "trusted.overlay.", 16) != 0 &&
	       strncmp(name, "user.overlay.", 13) != 0 &&
	       strcmp(name, "security.selinux") != 0;
}

static int
add_attribute(struct archive_entry *entry, int fd, const char *name)
{
	ssize_t size = fgetxattr(fd, name, NULL, 0);
	if (size < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -1;
	auto_free char *value = new_bytes(size + 1);
	size = fgetxattr(fd, name, value, size);
	if (size < 0)
		return -1;
	archive_entry_xattr_add_entry(entry, name, value, size);
	return 0;
}

static int
add_attributes(struct archive_entry *entry, int fd, const char *path)
{
	ssize_t size = flistxattr(fd, NULL, 0);
	if (size <= 0)
		return size == 0 || errno == EOPNOTSUPP ?
			       0 : fail("%s: list its attributes", path);
	auto_free char *names = new_bytes(size + 1);
	size = flistxattr(fd, names, size);
	for (char *name = names; name < names + size; name += strlen(name) + 1)
		if (is_kept(name) && add_attribute(entry, fd, name) < 0)
			return fail("%s: read the attribute %s", path, name);
	return size < 0 ? fail("%s: list its attributes", path) : 0;
}

static int
add_target(struct archive_entry *entry, int fd, const char *path)
{
	char target[4096];
	ssize_t length = readlinkat(fd, "", target, sizeof(target) - 1);
	if (length < 0)
		return fail("%s: read the link", path);
	target[length] = '\0';
	archive_entry_copy_symlink(entry, target);
	return 0;
}

/* "./" says nothing, but for the place itself. */
static const char *
shown(const char *path)
{
	return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

/* As the source wants it. */
static void
dress(const struct writer *writer, struct archive_entry *entry)
{
	const struct tar_source *source = writer->source;
	mode_t type = archive_entry_filetype(entry);
	if (source->has_owner) {
		archive_entry_set_uid(entry, source->uid);
		archive_entry_set_gid(entry, source->gid);
	}
	if (source->chmod && type != AE_IFLNK)
		archive_entry_set_perm(entry, chmod_apply(
			source->chmod, archive_entry_perm(entry),
			type == AE_IFDIR));
	if (writer->digest)
		archive_entry_set_mtime(entry, 0, 0);
	else if (source->has_newest &&
		 archive_entry_mtime(entry) >= source->newest)
		archive_entry_set_mtime(entry, source->newest, 0);
}

/* A name that is no UTF-8 is written as it is, and remarked upon. */
static int
put_header(struct writer *writer, struct archive_entry *entry,
	   const char *path)
{
	/* When it was looked at, and copied, is no property of a file. */
	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_unset_birthtime(entry);
	return archive_write_header(writer->archive, entry) < ARCHIVE_WARN ?
		       failx("%s: %s", path,
			     archive_error_string(writer->archive)) :
		       0;
}

/* ---- files --------------------------------------------------------------- */

/* What is behind a descriptor that was opened without looking. */
static int
open_again(int fd, int flags, const char *path)
{
	auto_free char *again = text("/proc/self/fd/%d", fd);
	int opened = open(again, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
	return opened < 0 ? fail("%s: open", path) : opened;
}

/* As many bytes as the header has said: libarchive fills up with zeros what a
 * file has lost meanwhile, and takes no more. */
static int
put_data(struct writer *writer, int fd, uint64_t size, const char *path)
{
	while (size > 0) {
		ssize_t got = read(fd, writer->buffer, BLOCK_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail("%s: read", path);
		if (got == 0)
			return 0;
		if (stream_interrupted)
			return failx("interrupted");
		if (archive_write_data(writer->archive, writer->buffer, got) <
		    0)
			return failx("%s: %s", path,
				     archive_error_string(writer->archive));
		size -= (uint64_t)got < size ? (uint64_t)got : size;
	}
	return 0;
}

static int
put_entry(struct writer *writer, struct archive_entry *entry, int fd,
	  const char *path)
{
	struct archive_entry *spare = NULL;
	archive_entry_copy_pathname(entry, shown(path));
	dress(writer, entry);
	archive_entry_linkify(writer->links, &entry, &spare);
	bool has_data = archive_entry_filetype(entry) == AE_IFREG &&
			!archive_entry_hardlink(entry);
	return put_header(writer, entry, path) < 0 ||
			       (has_data &&
				put_data(writer, fd, archive_entry_size(entry),
					 path) < 0) ?
		       -1 : 0;
}

static int
put_mark(struct writer *writer, const char *path)
{
	struct archive_entry *entry = archive_entry_new();
	const struct stat st = { .st_mode = S_IFREG | 0600 };
	archive_entry_copy_stat(entry, &st);
	archive_entry_copy_pathname(entry, shown(path));
	dress(writer, entry);
	int result = put_header(writer, entry, path);
	archive_entry_free(entry);
	return result;
}

/* ---- directories --------------------------------------------------------- */

static uint64_t
mount_of(int fd)
{
	struct statx stx;
	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) == 0 ?
		       stx.stx_mnt_id : 0;
}

/* What is in there is no file of anybody's, and without an end. */
static bool
is_of_kernel(int fd)
{
	static const long kernel[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC,
				       CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
				       DEBUGFS_MAGIC, TRACEFS_MAGIC };
	struct statfs fs;
	for (size_t i = 0; i < countof(kernel); i++)
		if (fstatfs(fd, &fs) == 0 && (long)fs.f_type == kernel[i])
			return true;
	return false;
}

static bool
is_left_out(const struct writer *writer, const char *path)
{
	return words_has(&writer->source->leave_out, shown(path));
}

static int put(struct writer *writer, int fd, const char *path, bool is_in);

static enum tar_choice
choose(const struct writer *writer, int fd, const char *path)
{
	const struct tar_source *source = writer->source;
	struct stat st;
	if (!source->choose || fstat(fd, &st) < 0)
		return TAR_IN;
	return source->choose(source->data,
			      path + strlen(source->name) + 1,
			      S_ISDIR(st.st_mode));
}

static int
put_child(struct writer *writer, int dir, const char *name, const char *above)
{
	const struct tar_source *source = writer->source;
	const char *hidden = NULL;
	auto_free char *path = text("%s/%s", above, name);
	enum mark mark = source->is_layer ?
				 marks_look(dir, name, source->marks, &hidden) :
				 MARK_NONE;
	if ((int)mark < 0)
		return -1;
	if (mark == MARK_WHITEOUT) {
		auto_free char *gone = text("%s/%s", above, hidden);
		auto_free char *marked = text("%s/.wh.%s", above, hidden);
		return is_left_out(writer, gone) ? 0 :
						   put_mark(writer, marked);
	}
	if (mark != MARK_NONE || is_left_out(writer, path))
		return 0;
	auto_close int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("%s: open", path);
	enum tar_choice choice = choose(writer, fd, path);
	return choice == TAR_OUT ? 0 : put(writer, fd, path, choice == TAR_IN);
}

static int
put_children(struct writer *writer, int dir, const char *path)
{
	const struct tar_source *source = writer->source;
	auto_list struct marks_list list = { 0 };
	int opaque = source->is_layer ? marks_is_opaque(dir, source->marks) : 0;
	if (opaque < 0 || marks_list(dir, &list) < 0)
		return wrap("%s", path);
	if (opaque) {
		auto_free char *mark = text("%s/.wh..wh..opq", path);
		if (put_mark(writer, mark) < 0)
			return -1;
	}
	for (size_t i = 0; i < list.count; i++)
		if (put_child(writer, dir, list.names[i], path) < 0)
			return -1;
	return 0;
}

/* A file of another mount is an empty one, as below the mount it most likely
 * is: engines make them so. */
static int
put(struct writer *writer, int fd, const char *path, bool is_in)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail("%s: look", path);
	if (S_ISSOCK(st.st_mode))
		return 0;
	bool is_dir = S_ISDIR(st.st_mode);
	bool is_other = (writer->source->one_mount &&
			 mount_of(fd) != writer->mount) || is_of_kernel(fd);
	if (is_other && !is_dir)
		st.st_size = 0;
	auto_close int opened = -1;
	if (is_dir || S_ISREG(st.st_mode))
		opened = open_again(fd, is_dir ? O_DIRECTORY : 0, path);
	if (opened < 0 && (is_dir || S_ISREG(st.st_mode)))
		return -1;
	struct archive_entry *entry = archive_entry_new();
	archive_entry_copy_stat(entry, &st);
	int result = S_ISLNK(st.st_mode) ? add_target(entry, fd, path) :
		     opened >= 0 ? add_attributes(entry, opened, path) : 0;
	if (result == 0 && is_in)
		result = put_entry(writer, entry, opened, path);
	archive_entry_free(entry);
	return result == 0 && is_dir && !is_other ?
		       put_children(writer, opened, path) : result;
}

/* ---- all of it ----------------------------------------------------------- */

static la_ssize_t
add_to_digest(struct archive *archive, void *data, const void *bytes,
	      size_t size)
{
	(void)archive;
	return digest_add(data, bytes, size) < 0 ? -1 : (la_ssize_t)size;
}

static int
open_output(struct writer *writer, int output)
{
	return writer->digest ? archive_write_open(writer->archive,
						   writer->digest, NULL,
						   add_to_digest, NULL) :
				archive_write_open_fd(writer->archive, output);
}

static int
write_all(struct writer *writer, int output)
{
	const struct tar_source *source = writer->source;
	struct archive *archive = writer->archive;
	auto_close int fd =
		safepath_open(source->root, source->path,
			      O_PATH | (source->follow ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return -1;
	writer->mount = mount_of(fd);
	/* Restricted, libarchive forgets the fractions of seconds. */
	archive_write_set_format_pax(archive);
	/* As everybody reads them; libarchive's own form beside is no use. */
	archive_write_set_format_option(archive, "pax", "xattrheader",
					"SCHILY");
	/* Two blocks of zeros are its end, and no more than that. */
	archive_write_set_bytes_per_block(archive, BLOCK_SIZE);
	archive_write_set_bytes_in_last_block(archive, 512);
	archive_entry_linkresolver_set_strategy(writer->links,
						archive_format(archive));
	if (open_output(writer, output) != ARCHIVE_OK)
		return failx("%s", archive_error_string(archive));
	if (put(writer, fd, source->name, true) < 0)
		return -1;
	return archive_write_close(archive) == ARCHIVE_OK ?
		       0 : failx("%s", archive_error_string(archive));
}

static int
write_or_digest(const struct tar_source *source, struct digest *digest,
		int output)
{
	struct writer writer = {
		.source = source,
		.digest = digest,
		.archive = archive_write_new(),
		.links = archive_entry_linkresolver_new(),
		.buffer = new_bytes(BLOCK_SIZE),
	};
	int result = writer.archive && writer.links ?
			     write_all(&writer, output) :
			     failx("libarchive is out of memory");
	/* What is half done must not end as if it were whole. */
	if (result < 0 && writer.archive)
		archive_write_fail(writer.archive);
	archive_write_free(writer.archive);
	archive_entry_linkresolver_free(writer.links);
	free(writer.buffer);
	return result;
}

int
tar_write(const struct tar_source *source, int output)
{
	return write_or_digest(source, NULL, output);
}

int
tar_digest(const struct tar_source *source, char hex[65])
{
	struct digest digest;
	if (digest_begin(&digest) < 0)
		return -1;
	int result = write_or_digest(source, &digest, -1);
	if (result == 0)
		return digest_end(&digest, hex);
	digest_free(&digest);
	return result;
}

int
tar_read(const struct place *place, int input, uint64_t *bytes)
{
	struct file_stream file;
	struct plain_stream plain;
	struct unpacking unpacking;
	file_stream_open(&file, input, "the archive", -1);
	int result = plain_stream_open(&plain, &file.stream);
	if (result == 0) {
		unpacking_begin(&unpacking, place->root, MARKS_NAMES);
		unpacking.place = place;
		result = layer_read_tar(&plain.stream, &unpacking, bytes);
		unpacking_free(&unpacking);
		plain_stream_close(&plain);
	}
	if (result == 0)
		result = stream_drain(&file.stream);
	file_stream_close(&file);
	return result;
}
