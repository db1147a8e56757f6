/* marks.c - see marks.h. */
#include "marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "overlay.h"

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define OWN ".wh..wh."

enum marks
marks_of_overlay(void)
{
	return overlay_needs_userxattr() ? MARKS_USER : MARKS_TRUSTED;
}

static const char *
opaque_attribute(enum marks marks)
{
	return marks == MARKS_USER ? "user.overlay.opaque" :
				     "trusted.overlay.opaque";
}

/* ---- reading ----------------------------------------------------------- */

static bool
is_prefix(const char *prefix, const char *name)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

enum mark
marks_in_name(const char *name)
{
	if (strcmp(name, OPAQUE) == 0)
		return MARK_OPAQUE;
	if (is_prefix(OWN, name))
		return MARK_OWN;
	return is_prefix(WHITEOUT, name) ? MARK_WHITEOUT : MARK_NONE;
}

int
marks_look(int dir, const char *name, enum marks marks, const char **hidden)
{
	if (marks == MARKS_NAMES) {
		*hidden = name + strlen(WHITEOUT);
		return marks_in_name(name);
	}
	int is_whiteout = overlay_is_whiteout(dir, name);
	*hidden = name;
	return is_whiteout <= 0 ? is_whiteout : MARK_WHITEOUT;
}

int
marks_is_opaque(int dir, enum marks marks)
{
	struct stat st;
	char value;
	if (marks == MARKS_NAMES)
		return fstatat(dir, OPAQUE, &st, AT_SYMLINK_NOFOLLOW) == 0;
	ssize_t length = fgetxattr(dir, opaque_attribute(marks), &value, 1);
	if (length < 0 && errno != ENODATA && errno != EOPNOTSUPP &&
	    errno != ERANGE)
		return fail("read %s", opaque_attribute(marks));
	return length == 1 && value == 'y';
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* By a descriptor of its own: one that reads a directory has a place in it. */
int
marks_list(int dir, struct marks_list *list)
{
	*list = (struct marks_list){ 0 };
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *stream = again < 0 ? NULL : fdopendir(again);
	if (!stream)
		return fail("list a directory");
	struct dirent *entry;
	while ((errno = 0, entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		list->names = resize_bytes(list->names, (list->count + 1) *
								sizeof(char *));
		list->names[list->count++] = copy_text(entry->d_name);
	}
	if (errno != 0) {
		fail("read a directory");
		marks_free_list(list);
		return -1;
	}
	if (list->count > 0)
		qsort(list->names, list->count, sizeof(char *), compare_names);
	return 0;
}

bool
marks_list_has(const struct marks_list *list, const char *name)
{
	return list->count > 0 &&
	       bsearch(&name, list->names, list->count, sizeof(char *),
		       compare_names);
}

void
marks_free_list(struct marks_list *list)
{
	while (list->count > 0)
		free(list->names[--list->count]);
	free(list->names);
	*list = (struct marks_list){ 0 };
}

/* ---- writing ----------------------------------------------------------- */

/* An empty file; it may be there. */
static int
make_empty(int dir, const char *name)
{
	auto_close int fd = openat(dir, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				   0444);
	if (fd < 0 && errno != EEXIST)
		return fail("make %s", name);
	return 0;
}

int
marks_make_opaque(int dir, enum marks marks)
{
	if (marks == MARKS_NAMES)
		return make_empty(dir, OPAQUE);
	const char *attribute = opaque_attribute(marks);
	if (trace(fsetxattr(dir, attribute, "y", 1, 0),
		  "fsetxattr(%d, \"%s\", \"y\")", dir, attribute) < 0)
		return fail("make a directory opaque (%s)%s", attribute,
			    errno == EOPNOTSUPP ?
				    " (its file system cannot keep that; tmpfs "
				    "keeps user.* since Linux 6.6)" :
				    "");
	return 0;
}

static int
clear_opaque(int dir, enum marks marks)
{
	if (marks == MARKS_NAMES ? unlinkat(dir, OPAQUE, 0) :
				   fremovexattr(dir, opaque_attribute(marks)))
		return fail("make a directory no longer opaque");
	return 0;
}

/* Its name, or nothing where that is something of this layer's own. */
static int
make_whiteout(int dir, const char *name, enum marks marks)
{
	if (marks != MARKS_NAMES)
		return overlay_make_whiteout(dir, name);
	auto_free char *whiteout = text(WHITEOUT "%s", name);
	return make_empty(dir, whiteout);
}

int
marks_hide(int dir, const char *name, enum marks marks)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? make_whiteout(dir, name, marks) :
					 fail("look at %s", name);
	if (!S_ISDIR(st.st_mode))
		return 0;
	auto_close int own = openat(dir, name, O_RDONLY | O_DIRECTORY |
						       O_NOFOLLOW | O_CLOEXEC);
	if (own < 0)
		return fail("open %s", name);
	return marks_make_opaque(own, marks);
}

int
marks_unhide(int dir, const char *name, enum marks marks)
{
	bool is_name = marks == MARKS_NAMES;
	auto_free char *whiteout = text("%s%s", is_name ? WHITEOUT : "", name);
	int is_there = is_name ? 1 : overlay_is_whiteout(dir, name);
	if (is_there <= 0)
		return is_there < 0 && failure.code == ENOENT ? 0 : is_there;
	if (unlinkat(dir, whiteout, 0) == 0)
		return 1;
	/* A name too long for a whiteout has none. */
	return errno == ENOENT || errno == ENAMETOOLONG ?
		       0 :
		       fail("remove the whiteout of %s", name);
}

/* ---- a whole layer ----------------------------------------------------- */

static int
remove_own(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) < 0 &&
	    (errno != EISDIR || unlinkat(dir, name, AT_REMOVEDIR) < 0))
		return fail("remove %s", name);
	return 0;
}

static int
convert_entry(int dir, const char *name, enum marks from, enum marks to)
{
	const char *hidden;
	switch (marks_look(dir, name, from, &hidden)) {
	case MARK_WHITEOUT:
		if (unlinkat(dir, name, 0) < 0)
			return fail("remove the whiteout %s", name);
		return marks_hide(dir, hidden, to);
	case MARK_OWN:
		return remove_own(dir, name);
	case MARK_OPAQUE:
		return 0; /* the directory was asked */
	case MARK_NONE:
		break;
	default:
		return -1;
	}
	auto_close int below = openat(dir, name,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					      O_CLOEXEC);
	if (below < 0)
		return errno == ENOTDIR || errno == ELOOP ?
			       0 :
			       fail("open %s", name);
	return marks_convert(below, from, to) < 0 ? wrap("%.60s", name) : 0;
}

static int
convert_all(int dir, const struct marks_list *list, enum marks from,
	    enum marks to)
{
	int is_opaque = marks_is_opaque(dir, from);
	if (is_opaque < 0 || (is_opaque && (clear_opaque(dir, from) < 0 ||
					    marks_make_opaque(dir, to) < 0)))
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (convert_entry(dir, list->names[i], from, to) < 0)
			return -1;
	return 0;
}

/* All names first: what is made on the way must not be met again. */
int
marks_convert(int dir, enum marks from, enum marks to)
{
	struct stat before;
	auto_list struct marks_list list = { 0 };
	if (fstat(dir, &before) < 0)
		return fail("look at a directory of the layer");
	if (marks_list(dir, &list) < 0 ||
	    convert_all(dir, &list, from, to) < 0)
		return -1;
	const struct timespec times[] = { before.st_atim, before.st_mtim };
	if (futimens(dir, times) < 0)
		return fail("give a directory its times");
	return 0;
}
