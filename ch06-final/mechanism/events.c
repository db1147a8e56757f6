/* events.c - see events.h.  Runs in the parent, and in monitors. */
#include "events.h"

#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_BYTES (1 << 20)

/* ---- the line ------------------------------------------------------------ */

/* How many bytes a character takes, or 0: this is no UTF-8 (RFC 3629). */
static int
character_length(const unsigned char *at)
{
	int length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 :
		     *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
	for (int i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	bool is_bad = (*at == 0xe0 && at[1] < 0xa0) ||
		      (*at == 0xed && at[1] > 0x9f) || /* a surrogate */
		      (*at == 0xf0 && at[1] < 0x90) ||
		      (*at == 0xf4 && at[1] > 0x8f);
	return is_bad ? 0 : length;
}

static void
put_string(const char *string, FILE *out)
{
	const unsigned char *at = (const unsigned char *)string;
	fputc('"', out);
	while (*at) {
		int length = character_length(at);
		if (*at == '"' || *at == '\\')
			fprintf(out, "\\%c", *at);
		else if (*at < ' ')
			fprintf(out, "\\u%04x", *at);
		else if (length == 0)
			fputs("\\ufffd", out);
		else
			fwrite(at, 1, length, out);
		at += length ? length : 1;
	}
	fputc('"', out);
}

static void
put_member(const char *name, const char *value, FILE *out)
{
	put_string(name, out);
	fputc(':', out);
	put_string(value, out);
}

static const char *
attribute(const struct event *event, const char *name)
{
	const char *const *at = event->attributes;
	for (; at && *at; at += 2)
		if (strcmp(*at, name) == 0)
			return at[1];
	return NULL;
}

/* Those three are what Docker had before it had Type, Action and Actor. */
static void
put_old_members(const struct event *event, FILE *out)
{
	const char *image = attribute(event, "image");
	bool is_container = strcmp(event->type, "container") == 0;
	if (!is_container && strcmp(event->type, "image") != 0)
		return;
	put_member("status", event->action, out);
	fputc(',', out);
	if (*event->id) {
		put_member("id", event->id, out);
		fputc(',', out);
	}
	if (is_container && image) {
		put_member("from", image, out);
		fputc(',', out);
	}
}

char *
events_line(const struct event *event, int64_t time_ns)
{
	char *line = NULL;
	size_t size;
	const char *comma = "";
	FILE *out = open_memstream(&line, &size);
	if (!out)
		return copy_text("");
	fputc('{', out);
	put_old_members(event, out);
	put_member("Type", event->type, out);
	fputc(',', out);
	put_member("Action", event->action, out);
	fputs(",\"Actor\":{", out);
	put_member("ID", event->id, out);
	fputs(",\"Attributes\":{", out);
	const char *const *at = event->attributes;
	for (; at && *at; at += 2) {
		if (!at[1])
			continue;
		fputs(comma, out);
		put_member(at[0], at[1], out);
		comma = ",";
	}
	fprintf(out, "}},\"scope\":\"local\",\"time\":%lld,"
		"\"timeNano\":%lld}\n",
		(long long)(time_ns / 1000000000), (long long)time_ns);
	fclose(out);
	return line;
}

/* ---- the file ------------------------------------------------------------ */

static int
open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? fail("open %s", path) : fd;
}

/* Whoever comes with a descriptor of the old one writes to that: it is still
 * read, as the older part.  The lock keeps two from moving it twice. */
static int
move_away(const char *root, const char *path, int fd)
{
	struct stat ours, there;
	auto_free char *old = text("%s/" EVENTS_OLD, root);
	if (flock(fd, LOCK_EX) < 0)
		return fail("lock %s", path);
	if (fstat(fd, &ours) < 0 || stat(path, &there) < 0 ||
	    ours.st_ino != there.st_ino)
		return 0;
	return rename(path, old) < 0 ? fail("rename %s", path) : 0;
}

int
events_tell(const char *root, const struct event *event)
{
	struct timespec now;
	struct stat st;
	auto_free char *path = text("%s/" EVENTS_FILE, root);
	clock_gettime(CLOCK_REALTIME, &now);
	auto_free char *line = events_line(
		event, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
	auto_close int fd = open_log(path);
	if (fd < 0)
		return -1;
	size_t length = strlen(line);
	if (write(fd, line, length) != (ssize_t)length)
		return fail("write %s", path);
	if (fstat(fd, &st) == 0 && st.st_size > MOST_BYTES)
		return move_away(root, path, fd);
	return 0;
}
