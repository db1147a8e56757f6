/* env_file.c - parent.  See env_file.h. */
#include "env_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>


void
env_add(const char *pair, bool from_us, struct words *pairs)
{
	const char *ours =
		from_us && !strchr(pair, '=') ? getenv(pair) : NULL;
	auto_free char *whole = ours ? text("%s=%s", pair, ours) :
				       copy_text(pair);
	words_add(pairs, whole);
}

static int
take_line(const char *path, size_t number, char *line, bool from_us,
	  struct words *pairs)
{
	line += strspn(line, " \t\v\f\r");
	if (!*line || *line == '#')
		return 0;
	size_t length = strcspn(line, "=");
	if (length == 0)
		return failx("poorly formatted environment: no variable name "
			     "on line '%.100s'", line);
	/* A name alone may have blanks behind it. */
	if (!line[length])
		while (length && strchr(" \t\v\f\r", line[length - 1]))
			line[--length] = '\0';
	if (strcspn(line, " \t") < length)
		return failx("poorly formatted environment: variable '%.*s' "
			     "contains whitespaces", (int)length, line);
	json_t *checked = json_string(line);
	json_decref(checked);
	if (!checked)
		return failx("env file %s contains invalid utf8 bytes at line "
			     "%zu", path, number);
	env_add(line, from_us, pairs);
	return 0;
}

int
env_file_read(const char *path, bool from_us, struct words *pairs)
{
	size_t length, number = 0;
	auto_free char *content = read_all(AT_FDCWD, path, &length);
	if (!content)
		return -1;
	if (strlen(content) != length)
		return failx("%s: there is a NUL byte in it", path);
	char *rest = content, *line;
	/* The mark that some editors put first in a file of UTF-8. */
	if (strncmp(rest, "\xef\xbb\xbf", 3) == 0)
		rest += 3;
	while ((line = strsep(&rest, "\n"))) {
		size_t end = strlen(line);
		if (end && line[end - 1] == '\r')
			line[end - 1] = '\0';
		if (take_line(path, ++number, line, from_us, pairs) < 0)
			return -1;
	}
	return 0;
}
