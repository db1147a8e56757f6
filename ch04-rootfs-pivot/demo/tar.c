/* tar.c - see tar.h. */
#include "tar.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "safepath.h"
#include "tree.h"

#define BLOCK 512
#define WHITEOUT ".wh."

/* The first block of an entry: numbers are octal text. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12],
		checksum[8], type, link[100], magic[6], version[2],
		user[32], group[32], major[8], minor[8], prefix[155],
		rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

/* ---- writing ----------------------------------------------------------- */

static int
write_bytes(int fd, const void *bytes, size_t length)
{
	if (write(fd, bytes, length) != (ssize_t)length)
		return fail("write to an archive");
	return 0;
}

static int
write_header(int archive, const char *name, char type, mode_t mode,
	     size_t size, const char *link)
{
	struct header header = { .type = type, .magic = "ustar",
				 .version = { '0', '0' } };
	if (strlen(name) > sizeof(header.name) ||
	    strlen(link) > sizeof(header.link))
		return failx("%s: too long a name for this archive", name);
	memcpy(header.name, name, strlen(name));
	memcpy(header.link, link, strlen(link));
	snprintf(header.mode, sizeof(header.mode), "%07o", mode & 07777);
	snprintf(header.uid, sizeof(header.uid), "%07o", 0);
	snprintf(header.gid, sizeof(header.gid), "%07o", 0);
	snprintf(header.size, sizeof(header.size), "%011zo", size);
	snprintf(header.mtime, sizeof(header.mtime), "%011o", 0);
	/* The sum of all bytes, its own field taken as blanks. */
	memset(header.checksum, ' ', sizeof(header.checksum));
	unsigned int sum = 0;
	for (size_t i = 0; i < BLOCK; i++)
		sum += ((const unsigned char *)&header)[i];
	snprintf(header.checksum, sizeof(header.checksum), "%06o", sum);
	return write_bytes(archive, &header, BLOCK);
}

static int
fill_block(int archive, size_t size)
{
	static const char zeros[BLOCK];
	size_t over = size % BLOCK;
	return over ? write_bytes(archive, zeros, BLOCK - over) : 0;
}

int
tar_write_bytes(int archive, const char *name, const char *bytes,
		size_t length)
{
	if (write_header(archive, name, '0', 0644, length, "") < 0 ||
	    write_bytes(archive, bytes, length) < 0)
		return -1;
	return fill_block(archive, length);
}

int
tar_end(int archive)
{
	static const char zeros[2 * BLOCK];
	return write_bytes(archive, zeros, sizeof(zeros));
}

static int
write_file_of(int archive, const char *path, const char *name, mode_t mode)
{
	size_t length;
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail("open %s", path);
	length = st.st_size;
	auto_free char *bytes = new_bytes(length + 1);
	if (read(fd, bytes, length) != (ssize_t)length)
		return fail("read %s", path);
	if (write_header(archive, name, '0', mode, length, "") < 0 ||
	    write_bytes(archive, bytes, length) < 0)
		return -1;
	return fill_block(archive, length);
}

static int write_directory(int archive, const char *path, const char *name);

static int
write_one(int archive, const char *path, const char *name)
{
	struct stat st;
	char target[257] = "";
	if (lstat(path, &st) < 0)
		return fail("look at %s", path);
	if (S_ISREG(st.st_mode))
		return write_file_of(archive, path, name, st.st_mode);
	if (S_ISLNK(st.st_mode))
		return readlink(path, target, sizeof(target) - 1) < 0 ?
			       fail("read the link %s", path) :
			       write_header(archive, name, '2', 0777, 0,
					    target);
	if (!S_ISDIR(st.st_mode))
		return failx("%s: neither file, directory nor link", path);
	auto_free char *with_slash = text("%s/", name);
	if (write_header(archive, with_slash, '5', st.st_mode, 0, "") < 0)
		return -1;
	return write_directory(archive, path, with_slash);
}

/* `name` ends with a slash, or is "". */
static int
write_directory(int archive, const char *path, const char *name)
{
	struct dirent **list;
	int count = scandir(path, &list, NULL, alphasort);
	if (count < 0)
		return fail("list %s", path);
	int done = 0;
	for (int i = 0; i < count; i++) {
		const char *entry = list[i]->d_name;
		if (done == 0 && strcmp(entry, ".") != 0 &&
		    strcmp(entry, "..") != 0) {
			auto_free char *below = text("%s/%s", path, entry);
			auto_free char *inside = text("%s%s", name, entry);
			done = write_one(archive, below, inside);
		}
		free(list[i]);
	}
	free(list);
	return done;
}

int
tar_write_tree(int archive, const char *from)
{
	return write_directory(archive, from, "");
}

/* ---- reading ----------------------------------------------------------- */

static size_t
octal(const char *field, size_t length)
{
	auto_free char *digits = text("%.*s", (int)length, field);
	return strtoul(digits, NULL, 8);
}

int
tar_next(int archive, struct tar_entry *entry)
{
	struct header header;
	ssize_t got = read(archive, &header, BLOCK);
	if (got < 0)
		return fail("read an archive");
	if (got == 0 || header.name[0] == '\0')
		return 0;
	if (got != BLOCK || memcmp(header.magic, "ustar", 5) != 0)
		return failx("read an archive: it is no ustar");
	snprintf(entry->name, sizeof(entry->name), "%.*s%s%.*s",
		 (int)sizeof(header.prefix), header.prefix,
		 header.prefix[0] ? "/" : "", (int)sizeof(header.name),
		 header.name);
	snprintf(entry->link, sizeof(entry->link), "%.*s",
		 (int)sizeof(header.link), header.link);
	entry->type = header.type;
	entry->mode = octal(header.mode, sizeof(header.mode));
	entry->size = octal(header.size, sizeof(header.size));
	entry->data = lseek(archive, 0, SEEK_CUR);
	off_t whole = (entry->size + BLOCK - 1) / BLOCK * BLOCK;
	if (lseek(archive, entry->data + whole, SEEK_SET) < 0)
		return fail("go on in an archive");
	return 1;
}

static int
unpack_file(int archive, const struct tar_entry *entry, int dir,
	    const char *name)
{
	auto_free char *bytes = new_bytes(entry->size + 1);
	if (pread(archive, bytes, entry->size, entry->data) !=
	    (ssize_t)entry->size)
		return fail("read %s from an archive", entry->name);
	auto_close int fd = openat(dir, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					   O_CLOEXEC,
				   0600);
	if (fd < 0 || write(fd, bytes, entry->size) != (ssize_t)entry->size ||
	    fchmod(fd, entry->mode) < 0)
		return fail("unpack %s", entry->name);
	return 0;
}

/* An entry takes the place of what the layers below had, but that directories
 * are merged. */
static int
put_entry(int archive, const struct tar_entry *entry, int dir,
	  const char *name)
{
	struct stat st;
	bool is_there = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (entry->type == '5' && is_there && S_ISDIR(st.st_mode))
		return fchmodat(dir, name, entry->mode, 0) < 0 ?
			       fail("set the mode of %s", entry->name) :
			       0;
	if (is_there && tree_remove(dir, name) < 0)
		return -1;
	if (entry->type == '5')
		return mkdirat(dir, name, entry->mode) < 0 ?
			       fail("make directory %s", entry->name) :
			       0;
	if (entry->type == '2')
		return symlinkat(entry->link, dir, name) < 0 ?
			       fail("make the link %s", entry->name) :
			       0;
	return unpack_file(archive, entry, dir, name);
}

int
tar_apply(int archive, int to)
{
	struct tar_entry entry;
	int more;
	if (lseek(archive, 0, SEEK_SET) < 0)
		return fail("begin an archive");
	while ((more = tar_next(archive, &entry)) > 0) {
		char *end = entry.name + strlen(entry.name);
		while (end > entry.name && end[-1] == '/')
			*--end = '\0';
		char *slash = strrchr(entry.name, '/');
		const char *name = slash ? slash + 1 : entry.name;
		auto_free char *above = text("/%.*s", (int)(name - entry.name),
					     entry.name);
		/* The image's own links must not lead us out. */
		auto_close int dir = safepath_make_dir(to, above, 0755);
		if (dir < 0)
			return -1;
		int done = strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0 ?
				   tree_remove(dir, name + strlen(WHITEOUT)) :
				   put_entry(archive, &entry, dir, name);
		if (done < 0)
			return -1;
	}
	return more;
}
