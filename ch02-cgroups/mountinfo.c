/* mountinfo.c - see mountinfo.h. */
#include "mountinfo.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Undo "\040" and its like, in place; the result is never longer. */
static void
unescape(char *field)
{
	char *out = field;
	for (const char *in = field; *in; out++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' &&
		    in[2] >= '0' && in[2] <= '7' && in[3] >= '0' &&
		    in[3] <= '7') {
			*out = (in[1] - '0') << 6 | (in[2] - '0') << 3 |
			       (in[3] - '0');
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

/* Cut the next field off; NULL when there is none, or an empty one. */
static char *
next_field(char **rest)
{
	char *field = *rest;
	if (!field || *field == '\0' || *field == ' ')
		return NULL;
	char *blank = strchr(field, ' ');
	if (blank)
		*blank = '\0';
	*rest = blank ? blank + 1 : NULL;
	return field;
}

static int
parse_id(const char *field, int *id)
{
	uint64_t value;
	if (!field || parse_number(field, 0, INT32_MAX, &value) < 0)
		return -1;
	*id = value;
	return 0;
}

static int
parse_device(char *field, struct mountinfo *mount)
{
	char *colon = field ? strchr(field, ':') : NULL;
	uint64_t major, minor;
	if (!colon)
		return -1;
	*colon = '\0';
	if (parse_number(field, 0, UINT32_MAX, &major) < 0 ||
	    parse_number(colon + 1, 0, UINT32_MAX, &minor) < 0)
		return -1;
	mount->major = major;
	mount->minor = minor;
	return 0;
}

/* Everything up to the lone hyphen, as one string with its blanks. */
static char *
take_optional(char **rest)
{
	char *fields = *rest;
	char *cursor = fields;
	while (cursor && *cursor) {
		if (cursor[0] == '-' && cursor[1] == ' ') {
			*rest = cursor + 2;
			*cursor = '\0';
			if (cursor > fields)
				cursor[-1] = '\0';
			return fields;
		}
		char *blank = strchr(cursor, ' ');
		cursor = blank ? blank + 1 : NULL;
	}
	return NULL;
}

int
mountinfo_parse(char *line, struct mountinfo *mount)
{
	char *rest = line;
	if (parse_id(next_field(&rest), &mount->id) < 0 ||
	    parse_id(next_field(&rest), &mount->parent) < 0)
		return failx("mountinfo: a line does not begin with two ids");
	if (parse_device(next_field(&rest), mount) < 0)
		return failx("mountinfo: mount %d has no device number",
			     mount->id);
	mount->root = next_field(&rest);
	mount->target = next_field(&rest);
	mount->options = next_field(&rest);
	if (!mount->options)
		return failx("mountinfo: the line of mount %d ends early",
			     mount->id);
	mount->optional = take_optional(&rest);
	if (!mount->optional)
		return failx("mountinfo: the line of mount %d has no "
			     "separator", mount->id);
	mount->type = next_field(&rest);
	/* The source may be empty: then two blanks follow one another. */
	mount->source = rest;
	char *blank = rest ? strchr(rest, ' ') : NULL;
	if (!mount->type || !blank || blank[1] == '\0')
		return failx("mountinfo: the line of mount %d ends early",
			     mount->id);
	*blank = '\0';
	mount->super = blank + 1;
	unescape(mount->root);
	unescape(mount->target);
	unescape(mount->type);
	unescape(mount->source);
	unescape(mount->super);
	return 0;
}

int
mountinfo_read(pid_t pid, struct mount_table *table)
{
	*table = (struct mount_table){ 0 };
	auto_free char *path = pid ? text("/proc/%d/mountinfo", pid) :
				     copy_text("/proc/self/mountinfo");
	table->text = read_all(AT_FDCWD, path, NULL);
	if (!table->text)
		return -1;
	size_t room = 0;
	for (char *line = table->text; *line;) {
		char *end = strchr(line, '\n');
		if (end)
			*end = '\0';
		if (table->count == room) {
			room = room ? room * 2 : 64;
			table->mounts = resize_bytes(
				table->mounts, room * sizeof(*table->mounts));
		}
		if (mountinfo_parse(line, &table->mounts[table->count]) < 0) {
			mountinfo_free(table);
			return wrap("read %s", path);
		}
		table->count++;
		if (!end)
			break;
		line = end + 1;
	}
	return 0;
}

void
mountinfo_free(struct mount_table *table)
{
	free(table->mounts);
	free(table->text);
	*table = (struct mount_table){ 0 };
}

const struct mountinfo *
mountinfo_find(const struct mount_table *table, const char *target)
{
	/* The kernel lists a mount after the one it covers. */
	for (size_t i = table->count; i-- > 0;)
		if (strcmp(table->mounts[i].target, target) == 0)
			return &table->mounts[i];
	return NULL;
}

bool
mountinfo_has_option(const char *options, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = options; at; at = strchr(at, ',')) {
		if (*at == ',')
			at++;
		if (strncmp(at, word, length) == 0 &&
		    (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}
