/*
 * fuzz_whiteout.c - marks of deletion, in any order and any place: a layer
 * means the same in the form of overlay and in that of aufs.
 *
 * The input is a text, a line for each entry of a tar: its kind (one letter),
 * and its path; for a link ">" and where it leads:
 *
 *	d a/b
 *	f a/.wh.c
 *	f a/.wh..wh..opq
 *	h x>a/b
 */
#include "cell.h"

#include "entry.h"
#include "layer.h"
#include "words.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 100

/* ---- the tar ----------------------------------------------------------- */

static mode_t
kind(char letter)
{
	switch (letter) {
	case 'd':
		return AE_IFDIR;
	case 'l':
		return AE_IFLNK;
	case 'p':
		return AE_IFIFO;
	case 'c':
		return AE_IFCHR;
	default:
		return AE_IFREG;
	}
}

static int
write_line(struct unpacking *unpacking, struct archive *none, char *line)
{
	struct archive_entry *entry = archive_entry_new();
	hold(entry);
	char *target = strchr(line, '>');
	if (target)
		*target++ = '\0';
	mode_t type = kind(line[0]);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
	archive_entry_set_uid(entry, geteuid());
	archive_entry_set_size(entry, 0);
	archive_entry_set_mtime(entry, 1000000000, 5);
	if (line[0] && line[1])
		archive_entry_set_pathname(entry, line + 2);
	if (line[0] == 'l')
		archive_entry_set_symlink(entry, target ? target : "x");
	if (line[0] == 'h')
		archive_entry_set_hardlink(entry, target ? target : "x");
	/* A device 0/0 is what overlay takes for a whiteout: never let in. */
	archive_entry_set_rdev(entry, 0);
	int result = entry_write(unpacking, none, entry);
	hold(result == 0 || failure.text[0]);
	archive_entry_free(entry);
	return result;
}

/* ---- what came of it ---------------------------------------------------- */

static void list(int dir, const char *path, enum marks marks,
		 struct words *seen);

static void
add(struct words *seen, char type, const char *path, const char *name)
{
	auto_free char *line = text("%c %s/%s", type, path, name);
	words_add(seen, line);
}

/* What has no mark: its kind, and what is in it. */
static void
list_file(int dir, const char *path, const char *name, enum marks marks,
	  struct words *seen)
{
	struct stat st;
	hold(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	hold(!S_ISCHR(st.st_mode) || st.st_rdev != 0);
	add(seen, "-pc-d---f-l-s---"[st.st_mode >> 12 & 15], path, name);
	if (!S_ISDIR(st.st_mode))
		return;
	auto_free char *below = text("%s/%s", path, name);
	auto_close int next = openat(dir, name, O_RDONLY | O_DIRECTORY |
						O_NOFOLLOW | O_CLOEXEC);
	hold(next >= 0);
	list(next, below, marks, seen);
}

static void
list(int dir, const char *path, enum marks marks, struct words *seen)
{
	auto_list struct marks_list names = { 0 };
	hold(marks_list(dir, &names) == 0);
	int is_opaque = marks_is_opaque(dir, marks);
	hold(is_opaque >= 0);
	if (is_opaque)
		add(seen, 'O', path, "");
	for (size_t i = 0; i < names.count; i++) {
		const char *hidden, *name = names.names[i];
		int mark = marks_look(dir, name, marks, &hidden);
		hold(mark >= 0 && mark != MARK_OWN);
		/* In an opaque directory a whiteout says nothing more; and of
		 * what is there itself only aufs needs the word. */
		if (mark == MARK_WHITEOUT && !is_opaque)
			add(seen, 'W', path, hidden);
		if (mark == MARK_NONE)
			list_file(dir, path, name, marks, seen);
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The layer as a list; -1 when it was refused. */
static int
unpack(const char *bytes, size_t size, enum marks marks, struct words *seen)
{
	struct unpacking unpacking;
	auto_free char *lines = fuzz_text((const uint8_t *)bytes, size);
	struct archive *none = archive_read_new();
	int root = cell_begin(), result = 0, count = 0;
	unpacking_begin(&unpacking, root, marks);
	char *rest = lines, *line;
	while (result == 0 && count++ < ENTRIES_MAX &&
	       (line = strsep(&rest, "\n")))
		if (*line)
			result = write_line(&unpacking, none, line);
	if (result == 0)
		result = unpacking_finish(&unpacking);
	unpacking_free(&unpacking);
	archive_read_free(none);
	list(root, "", marks, seen);
	if (seen->count)
		qsort(seen->items, seen->count, sizeof(char *), compare);
	cell_end(root);
	return result;
}

int
fuzz(const uint8_t *data, size_t size)
{
	auto_words struct words overlay = { 0 }, aufs = { 0 };
	auto_free char *bytes = fuzz_bytes(data, size);
	int taken = unpack(bytes, size, marks_of_overlay(), &overlay);
	/* Which has less room for names, and refuses those too long for it. */
	if (unpack(bytes, size, MARKS_NAMES, &aufs) < 0 || taken < 0)
		return 0;
	for (size_t i = 0; i < overlay.count && i < aufs.count; i++)
		if (strcmp(overlay.items[i], aufs.items[i]) != 0) {
			fprintf(stderr, "overlay has \"%s\", aufs \"%s\"\n",
				overlay.items[i], aufs.items[i]);
			abort();
		}
	hold(overlay.count == aufs.count);
	return 0;
}
